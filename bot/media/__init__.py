"""Untrusted pictures, videos and archives, and the drawing of clips. Runs in workers."""
