"""Who is this? By command, context menu and message."""
