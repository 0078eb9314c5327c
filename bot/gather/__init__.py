"""Candidate photos of a person, by name, from image searches: found, fetched politely, and never from a private address."""
