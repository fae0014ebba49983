"""Whatever file is uploaded, its reader gets a preview or a sentence, in time and in little memory.

`FUZZ=10000` sends so many generated files; time and memory are measured then, too.
"""

import gc
import os
import random
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from tests.addresses.large_files import LARGE, SAMPLES
from tests.addresses.world import FILE, World, tell

pytestmark = pytest.mark.xdist_group("addresses")

IS_LONG = "FUZZ" in os.environ
FILES = int(os.environ.get("FUZZ", "150"))
SEED = int(os.environ.get("FUZZ_SEED", "20261126"))
SECONDS = 5.0
MOST_MEMORY = 60 << 20
LONGEST = 400_000  # bytes of a generated file
ENCODINGS = ("utf-16", "utf-16-le", "utf-8-sig", "cp1252", "cp1251", "cp1250", "utf-7", "utf-32")
INSERTED = (
    b"\x00",
    b'"',
    b"\r",
    b"\n\n",
    b"\xff",
    b"\xed\xa0\x80",
    b",,,,",
    b"\x1a",
    b"\x85",
    b"\t;",
)

Change = Callable[[random.Random, bytes], bytes]


def flip(draw: random.Random, text: bytes) -> bytes:
    changed = bytearray(text)
    for _ in range(draw.randint(1, 20)):
        changed[draw.randrange(len(changed))] = draw.randrange(256)
    return bytes(changed)


def cut(draw: random.Random, text: bytes) -> bytes:
    start, end = sorted((draw.randrange(len(text)), draw.randrange(len(text))))
    return text[:start] + text[end:]


def insert(draw: random.Random, text: bytes) -> bytes:
    place = draw.randrange(len(text))
    return text[:place] + draw.choice(INSERTED) * draw.choice((1, 2, 500)) + text[place:]


def replace(draw: random.Random, text: bytes) -> bytes:
    return text.replace(draw.choice((b",", b"\n", b'"', b"1", b"e")), draw.choice(INSERTED))


def recode(draw: random.Random, text: bytes) -> bytes:
    return text.decode("utf-8", "replace").encode(draw.choice(ENCODINGS), "replace")


def repeat(draw: random.Random, text: bytes) -> bytes:
    lines = text.splitlines(keepends=True)
    return b"".join([*lines, *draw.choices(lines, k=draw.randint(1, 50))])


def stretch(draw: random.Random, text: bytes) -> bytes:
    lines = text.splitlines(keepends=True)
    place = draw.randrange(len(lines))
    times = min(draw.choice((2, 40, 2000)), LONGEST // len(lines[place]) + 2)
    lines[place] = lines[place].rstrip() * times + b"\n"
    return b"".join(lines)


def shuffle(draw: random.Random, text: bytes) -> bytes:
    lines = text.splitlines(keepends=True)
    draw.shuffle(lines)
    return b"".join(lines)


CHANGES: tuple[Change, ...] = (flip, cut, insert, replace, recode, repeat, stretch, shuffle)


def drawn(seed: int, samples: list[bytes]) -> bytes:
    """A file that began as an export, or as nothing at all."""
    draw = random.Random(seed)
    if draw.random() < 0.05:
        return draw.choice(
            (b"", b"PK\x03\x04", b"%PDF-1.7", b"\x1f\x8b", b"<html>")
        ) + draw.randbytes(draw.randint(0, 3000))
    text = draw.choice(samples)
    for change in draw.choices(CHANGES, k=draw.randint(1, 4)):
        text = change(draw, text)[:LONGEST] or b"x"
    return text


def answered(world: World, content: bytes) -> int:
    file = SimpleUploadedFile("export.csv", content)
    sent = encode_multipart(BOUNDARY, {"export": file})
    with world.ask("guest", "POST", "/start", data=sent, content_type=MULTIPART_CONTENT) as answer:
        return answer.status_code


def test_every_file_is_answered(world: World) -> None:
    samples = [path.read_bytes() for path in sorted(SAMPLES.iterdir())] + [FILE.encode()]
    counts, odd, slowest = Counter[int](), [], 0.0
    for seed in range(SEED, SEED + FILES):
        content, begun = drawn(seed, samples), time.process_time()
        status = answered(world, content)
        slowest = max(slowest, time.process_time() - begun)
        counts[status] += 1
        if status not in (302, 422):
            odd.append((seed, status))

    tell(f"seeds from {SEED}: {dict(counts)}, the slowest took {slowest:.2f} s of a processor")
    assert odd == []
    assert counts[302] > FILES / 20
    assert counts[422] > FILES / 20
    if IS_LONG:
        assert slowest < SECONDS


@pytest.mark.parametrize("name", LARGE if IS_LONG else ["nothing but breaks"])
def test_a_large_file_takes_little_time_and_memory(world: World, name: str) -> None:
    content = LARGE[name]()[: 20 << 20]
    gc.collect()
    gc.freeze()  # what other tests have left is searched for garbage in no site
    before, begun = memory(reset=True), time.process_time()
    status = answered(world, content)
    seconds, grown = time.process_time() - begun, memory() - before - 2 * len(content)

    tell(f"{name}: {status}, {seconds:.2f} s, {grown >> 20} MB")
    assert status in (302, 422)
    if IS_LONG:
        assert seconds < SECONDS
        assert grown < MOST_MEMORY


def memory(*, reset: bool = False) -> int:
    """The most memory this process has had since it was last reset, in bytes."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    text = Path("/proc/self/status").read_text()
    name = "VmRSS" if reset else "VmHWM"
    return int(text.partition(f"{name}:")[2].split()[0]) << 10
