"""The stand-in for Open Library with nothing but its faults, and ways to ask it without waiting."""

from collections.abc import Callable, Iterator

import pytest
import redis

from catalog.openlibrary.client import DEADLINE, OpenLibrary
from recsite.common.http import MAX_BYTES
from recsite.common.pace import Limiter
from recsite.local.standins.openlibrary import OpenLibraryStandin
from recsite.local.standins.works import gzip_bomb

MakeClient = Callable[..., OpenLibrary]


@pytest.fixture(scope="session")
def running_openlibrary() -> Iterator[OpenLibraryStandin]:
    gzip_bomb()  # made once; on a busy machine that takes longer than the client would wait
    with OpenLibraryStandin(slow_seconds=0.02, hang_seconds=1.0).start() as standin:
        yield standin


@pytest.fixture
def standin(running_openlibrary: OpenLibraryStandin) -> OpenLibraryStandin:
    """The stand-in as if it had just been started."""
    running_openlibrary.forget()
    return running_openlibrary


@pytest.fixture
def waits() -> list[float]:
    """The seconds that were to be waited; nobody waits in fact."""
    return []


@pytest.fixture
def make_client(
    standin: OpenLibraryStandin, valkey_url: str, waits: list[float]
) -> Iterator[MakeClient]:
    opened: list[OpenLibrary] = []

    def make(
        *,
        base_url: str = standin.url,
        contact: str = "",
        refusals: int = 100,
        timeouts: tuple[float, float] = (5.0, 0.5),
        deadline: float = DEADLINE,
        max_bytes: int = MAX_BYTES,
    ) -> OpenLibrary:
        limiter = Limiter(
            redis.Redis.from_url(valkey_url),
            name="openlibrary",
            per_second=1000,
            refusals=refusals,
            wait=waits.append,
        )
        client = OpenLibrary(
            base_url=base_url,
            contact=contact,
            pace=limiter,
            timeouts=timeouts,
            deadline=deadline,
            max_bytes=max_bytes,
            wait=waits.append,
        )
        opened.append(client)
        return client

    yield make
    for client in opened:
        client.close()


@pytest.fixture
def client(make_client: MakeClient) -> OpenLibrary:
    return make_client()
