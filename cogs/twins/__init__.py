"""Members who look alike."""
