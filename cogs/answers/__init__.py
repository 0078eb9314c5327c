"""The card that answers a question, its faces and its details."""
