"""A group's faces in two dimensions."""
