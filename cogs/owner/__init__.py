"""Notices to the bot's owners."""
