"""Open Library: asking it, and reading what it answers."""
