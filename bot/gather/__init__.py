"""Candidate photos of a person from image searches, fetched politely and never from a private address."""
