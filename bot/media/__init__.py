"""What comes in from outside and what goes out again: pictures, links, videos, captions. Runs in workers."""
