"""CONTRIBUTING.md leads to files that exist, and to commands of the Makefile."""

import re

from tests.services import ROOT

TEXT = (ROOT / "CONTRIBUTING.md").read_text()
PATH = re.compile(r"`([\w.-]+/[\w./-]*|[\w-]+\.(?:md|toml))`")


def test_every_path_exists() -> None:
    paths = PATH.findall(TEXT)
    assert len(paths) > 60
    rooms = (ROOT, ROOT / "recommender")  # `views/` and the like are those of the recommender
    assert [path for path in paths if not any((room / path).exists() for room in rooms)] == []


def test_every_command_of_make_is_one() -> None:
    commands = set(re.findall(r"(?:^|`)make ([a-z-]+)", TEXT, re.MULTILINE))
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {"install", "run", "test", "lint"} <= commands <= targets
