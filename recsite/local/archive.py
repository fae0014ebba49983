"""Downloads the official archive of goodbooks-10k, and resumes an interrupted download."""

import hashlib
import os
import shutil
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import requests

URL = "https://github.com/zygmuntz/goodbooks-10k/releases/download/v1.0/goodbooks-10k.zip"
SHA256 = "261b97b56db61f3fb2ce5aadbb13704d30179fcc986c17ace665a0af9ed00731"
FILES = ("books.csv", "ratings.csv", "tags.csv", "book_tags.csv", "to_read.csv")
CONNECT_SECONDS, READ_SECONDS = 10.0, 30.0
ATTEMPTS = 4
PAUSE_SECONDS = 1.0
MAX_ARCHIVE_BYTES = 200 << 20
MAX_FILE_BYTES = 500 << 20
CHUNK = 1 << 16
Say = Callable[[str], None]


class NotFetched(Exception):
    """The archive could not be downloaded or is not the expected one; the message says why."""


@dataclass(frozen=True, slots=True)
class Archive:
    """The URL of the archive, and the hash of its contents."""

    url: str = URL
    sha256: str = SHA256

    @classmethod
    def from_environment(cls) -> "Archive":
        """The official archive, or the copy at GOODBOOKS_URL with the hash GOODBOOKS_SHA256."""
        url = os.environ.get("GOODBOOKS_URL") or URL
        return cls(url, os.environ.get("GOODBOOKS_SHA256") or SHA256)


def fetch(archive: Archive, folder: Path, *, say: Say) -> Path:
    """Return the folder with the archive's files, downloaded and unpacked if necessary.

    Raises `NotFetched`; a partial download stays, and the next call resumes it.
    """
    target = folder / "goodbooks-10k"
    if all((target / name).is_file() for name in FILES):
        return target
    folder.mkdir(parents=True, exist_ok=True)
    packed = folder / "goodbooks-10k.zip"
    if not packed.exists():
        partial = folder / "goodbooks-10k.zip.part"
        _download(archive, partial, say)
        _verify(archive, partial)
        partial.replace(packed)
    _unpack(packed, target)
    packed.unlink()
    return target


def _download(archive: Archive, partial: Path, say: Say) -> None:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _receive(archive.url, partial, say)
        except requests.RequestException as error:
            # A connection that was never made is not retried: the machine is offline.
            if attempt == ATTEMPTS or isinstance(error, requests.ConnectTimeout):
                raise NotFetched(f"{archive.url} can't be reached") from error
            if isinstance(error, requests.ConnectionError) and not partial.exists():
                raise NotFetched(f"{archive.url} can't be reached") from error
            say(f"The connection broke; resuming in {PAUSE_SECONDS:g} s …")
            time.sleep(PAUSE_SECONDS)
        else:
            return


def _receive(url: str, partial: Path, say: Say) -> None:
    """Append the missing part of the file; raise if the connection ends too early."""
    have = partial.stat().st_size if partial.exists() else 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={have}-"} if have else {})
    with requests.get(
        url, headers=headers, stream=True, timeout=(CONNECT_SECONDS, READ_SECONDS)
    ) as answer:
        if answer.status_code == requests.codes.requested_range_not_satisfiable:
            return  # nothing is missing; the hash is checked next
        if answer.status_code not in (requests.codes.ok, requests.codes.partial_content):
            raise NotFetched(f"{url} answered {answer.status_code}")
        if answer.status_code == requests.codes.ok:
            have = 0
        total = have + int(answer.headers.get("Content-Length") or 0)
        if total > MAX_ARCHIVE_BYTES:
            raise NotFetched(f"{url} is far larger than the archive should be")
        with partial.open("ab" if have else "wb") as file:
            progress = Progress(total, say)
            for chunk in answer.iter_content(CHUNK):
                file.write(chunk)
                have += len(chunk)
                progress.show(have)
                if have > MAX_ARCHIVE_BYTES:
                    raise NotFetched(f"{url} is far larger than the archive should be")
        if have < total:
            raise requests.ConnectionError("the connection ended early")


@dataclass(slots=True)
class Progress:
    """Reports the progress of a download at every tenth."""

    total: int
    say: Say
    _tenth: int = -1

    def show(self, have: int) -> None:
        tenth = have * 10 // self.total if self.total else have >> 20
        if tenth > self._tenth:
            share = f" of {self.total / 1e6:.1f} MB, {10 * tenth} %" if self.total else ""
            self.say(f"Downloading goodbooks-10k: {have / 1e6:.1f} MB{share}")
            self._tenth = tenth


def _verify(archive: Archive, path: Path) -> None:
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != archive.sha256:
        path.unlink()
        raise NotFetched(
            f"The download from {archive.url} is not the official archive (its SHA-256 differs); "
            "it was deleted"
        )


def _unpack(packed: Path, target: Path) -> None:
    """Unpack the known files of the archive; names and sizes inside it are not trusted."""
    unfinished = target.with_name(f"{target.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    try:
        with zipfile.ZipFile(packed) as archive:
            for info in archive.infolist():
                name = PurePosixPath(info.filename).name
                # The archive also has a folder with samples of the files.
                if name not in FILES or "samples" in info.filename:
                    continue
                if info.file_size > MAX_FILE_BYTES:
                    raise NotFetched(f"{name} in {packed} is far larger than it should be")
                with archive.open(info) as source, (unfinished / name).open("wb") as target_file:
                    shutil.copyfileobj(source, target_file, CHUNK)
    except zipfile.BadZipFile as error:
        packed.unlink()
        raise NotFetched(f"{packed} was damaged and has been deleted") from error
    missing = [name for name in FILES if not (unfinished / name).is_file()]
    if missing:
        packed.unlink()
        raise NotFetched(f"{packed} lacks {', '.join(missing)}")
    shutil.rmtree(target, ignore_errors=True)
    unfinished.rename(target)
