"""/member gather: photos from image searches."""
