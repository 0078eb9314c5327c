"""The version of the engine, in a module of its own because the others take long to import."""

VERSION = "dlib-1"
"""Stored with each encoding. Encodings of different versions are never compared."""
