"""Files that join several recordings: where each begins, and one file of all of them."""
