import json
import mmap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from safetensors.numpy import load_file

from recommender.engine.neighbours import NeighbourRanker
from recommender.engine.tensors import BadTensorFile, map_tensors, save_tensors
from recommender.engine.weights import SIGNED_WEIGHTS

TENSORS: dict[str, NDArray[Any]] = {
    "item_factors": np.arange(12, dtype=np.float32).reshape(4, 3),
    "indices": np.array([3, 1, 2], dtype=np.int64),
    "scale": np.array(2.5),
    "empty": np.empty((0, 4), dtype=np.float32),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "part.safetensors"
    save_tensors(path, TENSORS)
    return path


def test_equals_what_the_format_s_own_package_reads(path: Path) -> None:
    mapped, loaded = map_tensors(path), load_file(path)
    assert set(mapped) == set(loaded)
    for name, tensor in loaded.items():
        np.testing.assert_array_equal(mapped[name], tensor)
        assert mapped[name].dtype == tensor.dtype


def test_tensors_are_views_of_the_file(path: Path) -> None:
    tensor: Any = map_tensors(path)["item_factors"]
    with path.open("r+b") as file:
        position = file.read().index(TENSORS["item_factors"].tobytes())
        file.seek(position)
        file.write(np.float32(99).tobytes())
    assert tensor[0, 0] == 99
    base = tensor
    while not isinstance(base, mmap.mmap):
        base = base.base
    assert str(path) in Path("/proc/self/maps").read_text()


def test_tensors_can_not_be_written_to(path: Path) -> None:
    tensor = map_tensors(path)["item_factors"]
    with pytest.raises(ValueError, match="read-only"):
        tensor[0, 0] = 1


def test_columns_of_other_layouts_are_stored_as_they_read(tmp_path: Path) -> None:
    transposed = np.arange(6, dtype=np.float32).reshape(2, 3).T
    save_tensors(tmp_path / "t", {"t": transposed})
    np.testing.assert_array_equal(map_tensors(tmp_path / "t")["t"], transposed)


def broken(header: object, data: bytes = b"\0" * 8) -> bytes:
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"1234567",
        (10**12).to_bytes(8, "little") + b"{}",
        (2).to_bytes(8, "little") + b"{[",
        broken([1, 2]),
        broken({"t": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]}}),
        broken({"t": {"dtype": "F32", "shape": [1], "data_offsets": [0, 8]}}),
        broken({"t": {"dtype": "F32", "shape": [2], "data_offsets": [8, 0]}}),
        broken({"t": {"dtype": "XX", "shape": [2], "data_offsets": [0, 8]}}),
        broken({"t": {"shape": [2], "data_offsets": [0, 8]}}),
    ],
)
def test_anything_else_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "part.safetensors"
    path.write_bytes(content)
    with pytest.raises(BadTensorFile, match=r"part\.safetensors"):
        map_tensors(path)


def test_sparse_rows_of_a_big_part_are_not_copied_by_each_process(tmp_path: Path) -> None:
    books, each = 300, 20
    save_tensors(
        tmp_path / "neighbours.safetensors",
        {
            "starts": np.arange(0, books * each + 1, each, dtype=np.int64),
            "targets": np.tile(np.arange(each, dtype=np.int32), books),
            "values": np.ones(books * each, dtype=np.float32),
        },
    )
    tensors = map_tensors(tmp_path / "neighbours.safetensors")
    ranker = NeighbourRanker.from_part(tensors, {"weights": SIGNED_WEIGHTS.to_json()})
    assert np.shares_memory(ranker.matrix.indices, tensors["targets"])
    assert np.shares_memory(ranker.matrix.data, tensors["values"])
