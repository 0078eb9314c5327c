"""Faces through a video: shots, tracks, segments, and the cast."""
