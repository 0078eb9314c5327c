"""Linked videos: found and downloaded by yt-dlp, in a process that can reach nothing but our own proxy."""
