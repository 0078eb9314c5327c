"""Similarity of faces: look-alikes, and maps in two dimensions."""
