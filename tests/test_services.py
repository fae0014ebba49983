"""The house of the tests themselves: what killed runs have left behind goes."""

import fcntl
from pathlib import Path

from tests.services import LOCK, PREFIX, remove_left_behind


def test_homes_of_killed_sessions_go_and_those_of_living_ones_stay(tmp_path: Path) -> None:
    killed, lives, others = (tmp_path / name for name in (f"{PREFIX}1", f"{PREFIX}2", "others"))
    for folder in (killed, lives, others):
        folder.mkdir()
        (folder / LOCK).touch()
    with (lives / LOCK).open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        remove_left_behind(tmp_path)
    assert sorted(tmp_path.iterdir()) == [lives, others]
