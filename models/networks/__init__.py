"""Pretrained networks and how they run."""
