"""Rows and the statements over them. SQLite through aiosqlite by default, another database by URL."""
