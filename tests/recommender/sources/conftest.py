"""The stand-in for Goodreads on a small folder, and ways to ask it without waiting."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from recommender.sources.fetcher import DEADLINE, Fetcher
from recsite.common.http import MAX_BYTES
from recsite.common.pace import Pace
from recsite.local.standins.goodreads import GoodreadsStandin
from tests.recsite.local.standins.tiny_folder import write_tiny_folder


class NoPace:
    """Lets everybody ask at once and remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    @contextmanager
    def turn(self) -> Iterator["NoPace"]:
        yield self

    def check(self) -> None:
        pass

    def pause(self, seconds: float) -> None:
        self.told.append(f"pause {seconds:.0f}")

    def refused(self) -> None:
        self.told.append("refused")

    def accepted(self) -> None:
        self.told.append("accepted")


MakeFetcher = Callable[..., Fetcher]


@pytest.fixture(scope="session")
def running_standin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GoodreadsStandin]:
    folder = write_tiny_folder(tmp_path_factory.mktemp("tiny"))
    with GoodreadsStandin(folder, slow_seconds=0.02, hang_seconds=1.0).start() as standin:
        yield standin


@pytest.fixture
def standin(running_standin: GoodreadsStandin) -> GoodreadsStandin:
    """The stand-in as if it had just been started."""
    running_standin.forget()
    return running_standin


@pytest.fixture
def waits() -> list[float]:
    """The seconds that were to be waited between tries; nobody waits in fact."""
    return []


@pytest.fixture
def pace() -> NoPace:
    return NoPace()


@pytest.fixture
def make_fetcher(standin: GoodreadsStandin, pace: NoPace, waits: list[float]) -> MakeFetcher:
    def make(
        *,
        base_url: str = standin.url,
        pace: Pace = pace,
        contact: str = "",
        user_agent: str = "",
        key: str = "",
        attempts: int = 4,
        timeouts: tuple[float, float] = (5.0, 5.0),
        deadline: float = DEADLINE,
        max_bytes: int = MAX_BYTES,
    ) -> Fetcher:
        return Fetcher(
            base_url=base_url,
            pace=pace,
            contact=contact,
            user_agent=user_agent,
            key=key,
            attempts=attempts,
            timeouts=timeouts,
            deadline=deadline,
            max_bytes=max_bytes,
            wait=waits.append,
        )

    return make


@pytest.fixture
def fetcher(make_fetcher: MakeFetcher) -> Fetcher:
    return make_fetcher()
