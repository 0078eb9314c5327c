"""Messages, threads and channels that are deleted."""
