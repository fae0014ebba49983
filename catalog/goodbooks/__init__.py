"""Loads a folder in the format of goodbooks-10k into the catalog."""
