"""A quiz of a group's faces."""
