"""Kills the bot, its workers and its scheduler at random moments: `python -m bench.kill`."""
