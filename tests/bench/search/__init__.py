"""Whether search finds the book that is meant, and how fast, on a whole goodbooks folder."""
