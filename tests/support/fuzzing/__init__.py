"""Invented and damaged inputs of every kind that strangers send, and how the bot takes them; `python -m bench.fuzz` runs it."""
