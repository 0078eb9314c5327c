"""/roster: import and export."""
