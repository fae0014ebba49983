"""What two who read together find on one list, on lists known beforehand."""

from pathlib import Path

import pytest

from spark.bench.together import main
from tests.spark.test_evaluate import chain_release, write


def test_both_tables_tell_what_each_and_what_both_find(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chain_release(tmp_path)
    # Books lead to later ones: those of both are 3 and 4, and the second dislikes the fifth.
    fold_in = write(tmp_path / "fold.csv", [(1, 1, 5), (2, 2, 5)])
    hidden = [(1, 3, 5), (1, 4, 5), (2, 3, 5), (2, 4, 4), (2, 5, 1)]
    held_out = write(tmp_path / "held.csv", hidden)
    files = [f"--fold-in={fold_in}", f"--held-out={held_out}"]

    assert main([f"--release={tmp_path / 'store'}", *files]) == 0

    lines = capsys.readouterr().out.splitlines()
    table = [line for line in lines if line.startswith("| ") and "---" not in line]
    rows = [line.strip("| ").split(" | ") for line in table]
    each, shared = rows[:6], rows[6:]
    assert each[0][-2:] == ["worse", "with a disliked book"]
    values = {name: [float(value) for value in cells] for name, *cells in each[1:]}
    # Alone, the first would be offered 2 first, which the other has read.
    assert values["each one's own list"][0] < values["one list, as served"][0] == 1.0
    assert all(row[-1] == 1.0 for row in values.values())
    assert [float(value) for value in shared[3][1:]] == [1.0, 1.0, 1.0]
