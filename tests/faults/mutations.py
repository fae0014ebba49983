"""Ways in which a release can be broken, drawn by a seeded generator.

Each takes the files of a good release and gives other files. Some break what hashes protect, others
give files whose hashes are right and whose contents are wrong, as a faulty build would.
"""

import hashlib
import io
import json
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from safetensors.numpy import load, save

Files = dict[str, bytes]
Mutation = Callable[[Files, random.Random], Files]

MANIFEST, LATEST, BOOKS = "manifest.json", "latest.json", "books.parquet"
ODD_VALUES: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    2**63,
    10**400,
    1.5,
    float("nan"),
    float("inf"),
    "",
    "\x00",
    "\ud800",
    "../../etc/passwd",
    "x" * 100_000,
    [],
    {},
    [[]],
    {"": None},
)
ODD_NUMBERS = (np.nan, np.inf, -np.inf)
ODD_DTYPES = ("<f4", "<f8", "<i4", "<i8", "|u1", "<f2", "<u8", "|b1")


def mutate(files: Files, seed: int) -> tuple[str, Files]:
    """Break a release in the way that the seed draws; the name of the way, and the files."""
    draw = random.Random(seed)
    mutation = draw.choice(MUTATIONS)
    return mutation.__name__, mutation(dict(files), draw)


def missing(files: Files, draw: random.Random) -> Files:
    del files[draw.choice(sorted(files))]
    return files


def cut(files: Files, draw: random.Random) -> Files:
    name = draw.choice(sorted(files))
    files[name] = files[name][: draw.randrange(len(files[name]))]
    return files


def cut_with_right_hash(files: Files, draw: random.Random) -> Files:
    name = _content(files, draw)
    return _resealed(files, {name: files[name][: draw.randrange(len(files[name]))]})


def flipped_bit(files: Files, draw: random.Random) -> Files:
    name = draw.choice(sorted(files))
    files[name] = _flip(files[name], draw)
    return files


def flipped_bits_with_right_hash(files: Files, draw: random.Random) -> Files:
    name = _content(files, draw)
    data = files[name]
    for _ in range(draw.randint(1, 8)):
        data = _flip(data, draw)
    return _resealed(files, {name: data})


def rubbish_with_right_hash(files: Files, draw: random.Random) -> Files:
    return _resealed(files, {_content(files, draw): draw.randbytes(draw.randrange(5000))})


def odd_value_in_the_manifest(files: Files, draw: random.Random) -> Files:
    values = json.loads(files[MANIFEST])
    _replace_somewhere(values, draw)
    return _with_manifest(files, values)


def key_gone_from_the_manifest(files: Files, draw: random.Random) -> Files:
    values = json.loads(files[MANIFEST])
    parent = draw.choice([one for one in _containers(values) if one])
    if isinstance(parent, dict):
        del parent[draw.choice(sorted(parent))]
    else:
        del parent[draw.randrange(len(parent))]
    return _with_manifest(files, values)


def deep_manifest(files: Files, draw: random.Random) -> Files:
    depth = draw.choice((2_000, 200_000))
    text = b'{"schema_version": 1, "metrics": ' + b"[" * depth + b"]" * depth + b"}"
    return _promoted(files, text)


def odd_pointer(files: Files, draw: random.Random) -> Files:
    values = json.loads(files[LATEST])
    values[draw.choice(sorted(values))] = draw.choice(ODD_VALUES)
    files[LATEST] = draw.choice(
        (json.dumps(values).encode(), b"[" * 100_000, b"", b"null", draw.randbytes(30))
    )
    return files


def odd_number_in_a_tensor(files: Files, draw: random.Random) -> Files:
    def change(tensors: dict[str, Any]) -> None:
        tensor = tensors[draw.choice(sorted(tensors))]
        if np.issubdtype(tensor.dtype, np.floating):
            tensor.flat[draw.randrange(tensor.size)] = draw.choice(ODD_NUMBERS)
        else:
            tensor.flat[draw.randrange(tensor.size)] = draw.choice((-1, 10**6, 2**31 - 1))

    return _with_tensors(files, draw, change)


def other_dtype(files: Files, draw: random.Random) -> Files:
    def change(tensors: dict[str, Any]) -> None:
        name = draw.choice(sorted(tensors))
        kinds = [kind for kind in ODD_DTYPES if np.dtype(kind) != tensors[name].dtype]
        with np.errstate(invalid="ignore"):
            tensors[name] = tensors[name].astype(draw.choice(kinds))

    return _with_tensors(files, draw, change)


def other_shape(files: Files, draw: random.Random) -> Files:
    def change(tensors: dict[str, Any]) -> None:
        name = draw.choice(sorted(tensors))
        tensor = tensors[name]
        doubled = np.repeat(tensor, 2, axis=0)
        shapes = (tensor[:-1], tensor[:0], tensor[..., None], tensor.ravel(), doubled)
        tensors[name] = draw.choice(shapes).copy()

    return _with_tensors(files, draw, change)


def tensor_gone(files: Files, draw: random.Random) -> Files:
    def change(tensors: dict[str, Any]) -> None:
        del tensors[draw.choice(sorted(tensors))]

    return _with_tensors(files, draw, change)


def other_numbers(files: Files, draw: random.Random) -> Files:
    def change(tensors: dict[str, Any]) -> None:
        tensor = tensors[draw.choice(sorted(tensors))]
        np.random.default_rng(draw.randrange(2**32)).shuffle(tensor)
        tensor += tensor.dtype.type(1)

    return _with_tensors(files, draw, change)


def odd_header(files: Files, draw: random.Random) -> Files:
    """The header of a file of tensors says something else, of the same length or not."""
    name = draw.choice(_parts(files))
    length = int.from_bytes(files[name][:8], "little")
    header = json.loads(files[name][8 : 8 + length])
    _replace_somewhere(header, draw)
    text = json.dumps(header).encode()
    return _resealed(
        files, {name: len(text).to_bytes(8, "little") + text + files[name][8 + length :]}
    )


def odd_books(files: Files, draw: random.Random) -> Files:
    table = pq.read_table(io.BytesIO(files[BOOKS]))
    columns = {name: table.column(name).to_pylist() for name in table.column_names}
    name, row = draw.choice(sorted(columns)), draw.randrange(len(table))
    change = draw.choice(("null", "swap", "repeat", "negative", "drop", "text", "float", "fewer"))
    match change:
        case "null":
            columns[name][row] = None
        case "swap":
            columns[name].reverse()
        case "repeat":
            columns[name][row] = columns[name][row - 1]
        case "negative":
            columns[name][row] = -(2**62)
        case "drop":
            del columns[name]
        case "text":
            columns[name] = [str(value) for value in columns[name]]
        case "float":
            columns[name] = [float(value) for value in columns[name]]
        case "fewer":
            columns = {key: values[:row] for key, values in columns.items()}
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return _resealed(files, {BOOKS: sink.getvalue()})


MUTATIONS: tuple[Mutation, ...] = (
    missing,
    cut,
    cut_with_right_hash,
    flipped_bit,
    flipped_bits_with_right_hash,
    rubbish_with_right_hash,
    odd_value_in_the_manifest,
    key_gone_from_the_manifest,
    deep_manifest,
    odd_pointer,
    odd_number_in_a_tensor,
    other_dtype,
    other_shape,
    tensor_gone,
    other_numbers,
    odd_header,
    odd_books,
)


def read_files(store: Path, version: str) -> Files:
    """The files of a release in a folder, and the pointer to it."""
    folder = store / "releases" / version
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    return files | {LATEST: (store / LATEST).read_bytes()}


def write_files(store: Path, version: str, files: Mapping[str, bytes]) -> None:
    """Put files in the place of a release's own, and of the pointer."""
    folder = store / "releases" / version
    for path in folder.iterdir():
        path.unlink()
    for name, data in files.items():
        (store / name if name == LATEST else folder / name).write_bytes(data)
    if LATEST not in files:
        (store / LATEST).unlink(missing_ok=True)


def _content(files: Files, draw: random.Random) -> str:
    return draw.choice(sorted(set(files) - {MANIFEST, LATEST}))


def _parts(files: Files) -> list[str]:
    return sorted(name for name in files if name.endswith(".safetensors"))


def _flip(data: bytes, draw: random.Random) -> bytes:
    changed = bytearray(data)
    changed[draw.randrange(len(changed))] ^= 1 << draw.randrange(8)
    return bytes(changed)


def _with_tensors(
    files: Files, draw: random.Random, change: Callable[[dict[str, Any]], None]
) -> Files:
    name = draw.choice(_parts(files))
    tensors = {key: value.copy() for key, value in load(files[name]).items()}
    change(tensors)
    return _resealed(files, {name: save(tensors)})


def _resealed(files: Files, changed: Files) -> Files:
    """The files with some changed, named by size and hash in the manifest as if built so."""
    values = json.loads(files[MANIFEST])
    for name, data in changed.items():
        values["files"][name] = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    return _with_manifest(files | changed, values)


def _with_manifest(files: Files, values: Any) -> Files:
    try:
        text = json.dumps(values).encode()
    except (ValueError, RecursionError):  # a number of more digits than Python writes
        text = repr(values).encode("utf-8", "replace")
    return _promoted(files, text)


def _promoted(files: Files, manifest: bytes) -> Files:
    pointer = json.loads(files[LATEST]) | {"manifest_sha256": hashlib.sha256(manifest).hexdigest()}
    return files | {MANIFEST: manifest, LATEST: json.dumps(pointer).encode()}


def _replace_somewhere(values: Any, draw: random.Random) -> None:
    parent = draw.choice([one for one in _containers(values) if one])
    key = draw.choice(sorted(parent) if isinstance(parent, dict) else range(len(parent)))
    parent[key] = draw.choice(ODD_VALUES)


def _containers(value: Any) -> list[Any]:
    """All dictionaries and lists in a value of JSON, itself among them."""
    if isinstance(value, dict):
        return [value, *(found for part in value.values() for found in _containers(part))]
    if isinstance(value, list):
        return [value, *(found for part in value for found in _containers(part))]
    return []
