"""What the bot stands on: workers, storage, network, limits."""
