"""The starter shelf: a small catalog with simulated readers, used when there is no data set."""

from catalog.starter.writer import write_starter_shelf

__all__ = ["write_starter_shelf"]
