"""Untrusted videos: tracks, times, geometry and colours; frames with exact times."""
