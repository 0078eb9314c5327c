"""/review: faces that wait for a label."""
