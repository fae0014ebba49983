"""Brings a folder in the shape of goodbooks-10k into the catalog."""
