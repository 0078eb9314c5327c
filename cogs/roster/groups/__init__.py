"""/group: the groups of a server."""
