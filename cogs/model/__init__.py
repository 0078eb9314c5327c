"""Models of a group: training, reports, history."""
