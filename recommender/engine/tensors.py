"""Safetensors files, mapped into memory.

The format is eight bytes that give the length of a JSON header, the header, then the raw tensors
(https://huggingface.co/docs/safetensors). The ``safetensors`` package copies tensors when it
gives them to NumPy; here they stay views of the mapped file, whose pages all processes of a host
share.
"""

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

DTYPES = {"F32": "<f4", "F64": "<f8", "I32": "<i4", "I64": "<i8", "U8": "|u1"}
LARGEST_HEADER = 100_000_000


class BadTensorFile(ValueError):
    """The file is not a safetensors file, or its contents are not supported."""


def save_tensors(path: Path, tensors: Mapping[str, NDArray[Any]]) -> None:
    """Write tensors into a file."""
    save_file({name: np.ascontiguousarray(value) for name, value in tensors.items()}, path)


def map_tensors(path: Path) -> dict[str, NDArray[Any]]:
    """Read-only views of all tensors of a file, backed by the file itself."""
    size = path.stat().st_size
    if size < 8:
        raise BadTensorFile(f"{path.name} is too short for a safetensors file.")
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > min(LARGEST_HEADER, size - 8):
            raise BadTensorFile(f"{path.name} has a header longer than itself.")
        head = file.read(length)
    try:
        header = json.loads(head)
        header.pop("__metadata__", None)
        return {name: _view(path, size, 8 + length, entry) for name, entry in header.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadTensorFile(f"{path.name} is no safetensors file: {error}") from error


def _view(path: Path, size: int, start: int, entry: Mapping[str, Any]) -> NDArray[Any]:
    """A tensor, mapped by itself: SciPy copies what it takes for a small part of another array."""
    dtype = np.dtype(DTYPES[entry["dtype"]])
    shape = tuple(int(length) for length in entry["shape"])
    begin, end = entry["data_offsets"]
    if not 0 <= begin <= end <= size - start:
        raise ValueError("a tensor reaches beyond the end of the file")
    if end - begin != math.prod(shape) * dtype.itemsize:
        raise ValueError("a tensor's size does not fit its shape")
    if begin == end:
        return np.empty(shape, dtype)
    return np.asarray(np.memmap(path, dtype, mode="r", offset=start + begin, shape=shape))
