"""What can be asked of the bot."""
