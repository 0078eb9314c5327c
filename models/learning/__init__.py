"""Learning from a gallery: training, cross-validation, gate, cleaning, report, evaluation."""
