"""Outgoing email: a page stores it with what else it changes, and a worker delivers it."""
