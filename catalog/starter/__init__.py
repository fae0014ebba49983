"""The starter shelf: a small catalog of our own with simulated readers, for want of a data set."""

from catalog.starter.writer import write_starter_shelf

__all__ = ["write_starter_shelf"]
