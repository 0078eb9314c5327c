"""Face encodings: whitening, background distribution, centroids, copies of one photo."""
