"""The version of the engine, apart from what takes long to import."""

VERSION = "dlib-1"
"""Stored with each encoding; encodings of two versions are never compared."""
