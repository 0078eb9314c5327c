"""A gallery that judges itself: training, cross-validation, the gate, reports."""
