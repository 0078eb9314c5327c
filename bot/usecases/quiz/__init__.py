"""The quiz: what a person remembers of whom, and who is asked next."""
