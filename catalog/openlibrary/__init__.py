"""Open Library: a client, and what its answers mean for books."""
