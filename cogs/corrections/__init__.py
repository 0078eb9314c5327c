"""Corrections: the buttons of an answer, the dialog, and the refreshed card."""
