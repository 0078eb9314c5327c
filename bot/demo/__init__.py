"""The demo: the real bot on SimCord's simulated Discord, with an answered question from the start."""
