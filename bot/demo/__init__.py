"""The demo: the real bot on SimCord's simulated Discord, with something to see from the first moment."""
