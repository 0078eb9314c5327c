"""Untrusted pictures into upright RGB arrays: kinds, damaged metadata, orientation, colours."""
