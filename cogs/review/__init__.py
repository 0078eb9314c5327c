"""Faces that wait for a name."""
