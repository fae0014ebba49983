"""An empty store in a folder, and the folder in which a host keeps files of releases."""

from pathlib import Path

import pytest

from recommender.engine.store import Store, open_store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return open_store(str(tmp_path / "store"))


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"
