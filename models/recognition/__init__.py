"""Encodings into names, with confidences."""
