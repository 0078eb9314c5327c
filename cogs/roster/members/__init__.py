"""/member: the members of groups, and their photos."""
