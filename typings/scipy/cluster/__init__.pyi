"""The part of scipy.cluster that models/cast.py calls; scipy ships no types."""
