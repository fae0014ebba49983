"""Benchmarks share the store of releases with the tests of readers."""

from tests.recommender.conftest import own_store

__all__ = ["own_store"]
