"""The archive of goodbooks-10k from a server of our own, over a real socket."""

import hashlib
import io
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from recsite.local import archive
from recsite.local.archive import FILES, Archive, NotFetched, fetch
from recsite.local.process import free_port


class Server(ThreadingHTTPServer):
    """Serves one file, by ranges if asked; `breaks_at` ends the first answers early."""

    daemon_threads = True

    def __init__(self, body: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.body = body
        self.breaks_at: list[int] = []
        self.ranges: list[str | None] = []
        self.status = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/goodbooks-10k.zip"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.server.ranges.append(asked)
        start = int(asked.removeprefix("bytes=").removesuffix("-")) if asked else 0
        if self.server.status or start >= len(self.server.body):
            self.send_error(self.server.status or 416)
            return
        body = self.server.body[start:]
        self.send_response(206 if asked else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        end = self.server.breaks_at.pop(0) if self.server.breaks_at else len(body)
        self.wfile.write(body[:end])

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base's name)
        """Say nothing."""


def zipped(files: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for name, text in files.items():
            packed.writestr(name, text)
    return buffer.getvalue()


CONTENTS = {f"goodbooks-10k/{name}": f"contents of {name}\n" * 500 for name in FILES}
CONTENTS |= {"goodbooks-10k/samples/books.csv": "a sample", "../../outside.csv": "a trap"}


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(zipped(CONTENTS)) as server:
        threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(autouse=True)
def _small_and_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "CHUNK", 100)
    monkeypatch.setattr(archive, "PAUSE_SECONDS", 0)


def of(server: Server) -> Archive:
    return Archive(server.url, hashlib.sha256(server.body).hexdigest())


def test_the_known_files_are_unpacked_and_nothing_else(server: Server, tmp_path: Path) -> None:
    said: list[str] = []
    folder = fetch(of(server), tmp_path / "data", say=said.append)
    assert sorted(path.name for path in folder.iterdir()) == sorted(FILES)
    assert (folder / "books.csv").read_text() == CONTENTS["goodbooks-10k/books.csv"]
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["goodbooks-10k"]
    assert not (tmp_path / "outside.csv").exists()
    assert said[-1].endswith("100 %")


def test_what_is_there_is_not_fetched_again(server: Server, tmp_path: Path) -> None:
    fetch(of(server), tmp_path, say=print)
    fetch(of(server), tmp_path, say=print)
    assert len(server.ranges) == 1


def test_a_broken_download_goes_on_where_it_ended(server: Server, tmp_path: Path) -> None:
    server.breaks_at = [1000, 500]
    folder = fetch(of(server), tmp_path, say=print)
    assert server.ranges == [None, "bytes=1000-", "bytes=1500-"]
    assert (folder / "tags.csv").read_text() == CONTENTS["goodbooks-10k/tags.csv"]


def test_the_next_start_goes_on_too(server: Server, tmp_path: Path) -> None:
    server.breaks_at = [100] * archive.ATTEMPTS
    with pytest.raises(NotFetched, match="can't be reached"):
        fetch(of(server), tmp_path, say=print)
    fetch(of(server), tmp_path, say=print)
    assert server.ranges[-1] == f"bytes={100 * archive.ATTEMPTS}-"


def test_a_whole_part_that_only_was_not_renamed_is_taken(server: Server, tmp_path: Path) -> None:
    (tmp_path / "goodbooks-10k.zip.part").write_bytes(server.body)
    assert (fetch(of(server), tmp_path, say=print) / "ratings.csv").is_file()


def test_another_file_than_the_official_one_is_thrown_away(server: Server, tmp_path: Path) -> None:
    with pytest.raises(NotFetched, match="SHA-256 differs"):
        fetch(Archive(server.url), tmp_path, say=print)
    assert list(tmp_path.iterdir()) == []


def test_an_error_of_the_server_is_named(server: Server, tmp_path: Path) -> None:
    server.status = 503
    with pytest.raises(NotFetched, match="answered 503"):
        fetch(of(server), tmp_path, say=print)


def test_without_a_server_it_is_told_at_once(tmp_path: Path) -> None:
    nowhere = Archive(f"http://127.0.0.1:{free_port()}/x.zip", "")
    with pytest.raises(NotFetched, match="can't be reached"):
        fetch(nowhere, tmp_path, say=print)


def test_a_file_far_too_large_is_refused(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "MAX_ARCHIVE_BYTES", 100)
    with pytest.raises(NotFetched, match="far larger"):
        fetch(of(server), tmp_path, say=print)


@pytest.mark.parametrize(
    ("body", "why"),
    [(b"no archive at all", "was damaged"), (zipped({"books.csv": "x"}), "lacks ratings.csv")],
    ids=["no archive", "a table is missing"],  # the bytes hold the time of packing, and differ
)
def test_a_bad_archive_is_thrown_away(
    server: Server, tmp_path: Path, body: bytes, why: str
) -> None:
    server.body = body
    with pytest.raises(NotFetched, match=why):
        fetch(of(server), tmp_path, say=print)
    assert not (tmp_path / "goodbooks-10k.zip").exists()
