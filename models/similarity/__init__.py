"""How much members look alike."""
