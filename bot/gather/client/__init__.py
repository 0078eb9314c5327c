"""The polite client: the addresses, robots.txt, pauses and limits by which it fetches."""
