"""Calls within a request get no memory from the system."""

import resource
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from recsite.stack import with_room

DEPTHS, CALLS = 200, 200


def _leaf() -> None:
    pass


def _loops_at_each_depth(depth: int = DEPTHS) -> None:
    """At some depth a call crosses the end of a piece of the stack."""
    for _ in range(CALLS):
        _leaf()
    if depth:
        _loops_at_each_depth(depth - 1)


def _application(_environ: dict[str, Any], _start: Callable[..., Any]) -> Iterable[bytes]:
    _loops_at_each_depth()
    return [b"done"]


@pytest.mark.parametrize("frames", [0, 10, 20, 30, 40])
def test_no_loop_of_a_request_gets_memory_for_each_of_its_calls(frames: int) -> None:
    application = with_room(_application)

    def faults(deeper: int) -> int:
        if deeper:
            return faults(deeper - 1)
        before = resource.getrusage(resource.RUSAGE_THREAD).ru_minflt
        assert list(application({}, lambda *_: lambda _: None)) == [b"done"]
        return resource.getrusage(resource.RUSAGE_THREAD).ru_minflt - before

    faults(frames)
    assert faults(frames) < CALLS / 2
