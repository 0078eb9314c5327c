"""What is true without machines: enumerations, answers, requests and results, as values."""
