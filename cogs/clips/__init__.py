"""Annotated clips: how they are requested, their progress, and their cards."""
