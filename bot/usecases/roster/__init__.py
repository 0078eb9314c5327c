"""Rosters: groups, members and their photos."""
