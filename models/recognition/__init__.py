"""Open-set recognition: encodings into names with confidences."""
