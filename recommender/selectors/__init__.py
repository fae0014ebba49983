"""Reads: what a page, a rule or a command needs to know. Nothing here writes."""
