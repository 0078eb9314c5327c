"""What a server lets the bot do."""
