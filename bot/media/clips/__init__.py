"""Annotated clips: captions over the faces, and the ffmpeg run that draws them."""
