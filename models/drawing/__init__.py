"""Pictures out of values."""
