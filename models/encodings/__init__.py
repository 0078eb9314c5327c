"""Encodings of faces: whitening, background, centroids, copies of one photo."""
