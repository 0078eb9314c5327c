"""/setup: the choices of a server."""
