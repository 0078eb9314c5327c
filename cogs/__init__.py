"""What people type, click and read. Imports bot, never models."""
