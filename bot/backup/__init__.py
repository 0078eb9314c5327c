"""Backups: the archive, its encryption, the copy of the database. Nothing here runs while the bot answers."""
