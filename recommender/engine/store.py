"""Where releases are kept: a folder, or a bucket with the S3 protocol.

Both write objects as a whole, and move a pointer by compare-and-swap: of two writers who saw the
same state, one succeeds and the other gets an error.
"""

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class StoreError(Exception):
    """The store could not be read or written."""


class NotFound(StoreError):
    """The store has no such object."""


class Conflict(StoreError):
    """The object was changed by somebody else since it was read."""


class Store(Protocol):
    """Objects by key (``a/b/c``)."""

    @property
    def uri(self) -> str:
        """The address under which the store was opened."""

    def put(self, key: str, data: bytes) -> None:
        """Write an object."""

    def upload(self, key: str, path: Path) -> None:
        """Write a file as an object."""

    def get(self, key: str) -> bytes:
        """Read an object; raises NotFound if there is none."""

    def get_tagged(self, key: str) -> tuple[bytes, str]:
        """Read an object with the tag of its state; raises NotFound if there is none."""

    def download(self, key: str, path: Path) -> None:
        """Copy an object into a file."""

    def keys(self, prefix: str) -> list[str]:
        """All keys that begin with a prefix, sorted."""

    def delete(self, key: str) -> None:
        """Delete an object, if it exists."""

    def compare_and_swap(self, key: str, data: bytes, *, expected: str | None) -> None:
        """Write an object if it still has the expected tag (None: it does not exist yet).

        Raises Conflict, and changes nothing, if it has another.
        """


def open_store(uri: str, *, endpoint_url: str | None = None) -> Store:
    """Open ``file:///folder``, a plain path, or ``s3://bucket/prefix``.

    The endpoint of an S3 service other than AWS comes from the argument, else from
    ``S3_ENDPOINT_URL``.
    """
    parts = urlsplit(uri)
    if parts.scheme == "s3":
        if not parts.netloc:
            raise StoreError(f"{uri!r} names no bucket; write s3://bucket/prefix.")
        endpoint = endpoint_url or os.environ.get("S3_ENDPOINT_URL") or None
        return S3Store(parts.netloc, parts.path.strip("/"), endpoint_url=endpoint)
    if parts.scheme == "file":
        if parts.netloc not in ("", "localhost") or not parts.path:
            raise StoreError(f"{uri!r} is no folder here; write file:///folder.")
        return FileStore(Path(unquote(parts.path)))
    if "://" in uri:
        raise StoreError(f"A store is a folder, file:///… or s3://…, not {uri!r}.")
    return FileStore(Path(uri))


class FileStore:
    """A store in a folder, which several processes of one host may share."""

    def __init__(self, root: Path) -> None:
        self._root = root.absolute()

    @property
    def uri(self) -> str:
        return self._root.as_uri()

    def put(self, key: str, data: bytes) -> None:
        with self._writing(key) as temporary:
            temporary.write_bytes(data)

    def upload(self, key: str, path: Path) -> None:
        with self._writing(key) as temporary:
            shutil.copyfile(path, temporary)

    def get(self, key: str) -> bytes:
        with self._reading(key) as path:
            return path.read_bytes()

    def get_tagged(self, key: str) -> tuple[bytes, str]:
        data = self.get(key)
        return data, hashlib.sha256(data).hexdigest()

    def download(self, key: str, path: Path) -> None:
        with self._reading(key) as source:
            shutil.copyfile(source, path)

    def keys(self, prefix: str) -> list[str]:
        # Unlike Path.rglob, os.walk passes over folders that are deleted meanwhile.
        files = (
            Path(folder, name)
            for folder, _, names in os.walk(self._root)
            for name in names
            if not name.startswith(".")
        )
        keys = (path.relative_to(self._root).as_posix() for path in files)
        return sorted(key for key in keys if key.startswith(prefix))

    def delete(self, key: str) -> None:
        path = self._path(key)
        try:
            path.unlink(missing_ok=True)
            if path.parent != self._root and not any(path.parent.iterdir()):
                path.parent.rmdir()
        except FileNotFoundError:
            return  # somebody else has deleted the folder meanwhile
        except OSError as error:
            raise StoreError(f"Could not delete {key} in {self.uri}: {error.strerror}.") from error

    def compare_and_swap(self, key: str, data: bytes, *, expected: str | None) -> None:
        with self._locked(key):
            try:
                _, present = self.get_tagged(key)
            except NotFound:
                present = None
            if present != expected:
                raise Conflict(f"{key} in {self.uri} was changed by somebody else meanwhile.")
            self.put(key, data)

    def _path(self, key: str) -> Path:
        pure = PurePosixPath(key)
        if pure.is_absolute() or ".." in pure.parts or not pure.parts:
            raise StoreError(f"{key!r} is no key of a store.")
        return self._root / pure

    @contextmanager
    def _reading(self, key: str) -> Iterator[Path]:
        try:
            yield self._path(key)
        except FileNotFoundError as error:
            raise NotFound(f"There is no {key} in {self.uri}.") from error
        except OSError as error:
            raise StoreError(f"Could not read {key} in {self.uri}: {error.strerror}.") from error

    @contextmanager
    def _writing(self, key: str) -> Iterator[Path]:
        """A temporary file that replaces the object when it is complete."""
        path = self._path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=".writing-", dir=path.parent)
            os.close(handle)
            temporary = Path(name)
            try:
                yield temporary
                temporary.chmod(0o644)
                _flush(temporary)
                temporary.replace(path)
                _flush(path.parent)
            finally:
                temporary.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(f"Could not write {key} in {self.uri}: {error.strerror}.") from error

    @contextmanager
    def _locked(self, key: str) -> Iterator[None]:
        path = self._path(key)
        lock = path.with_name(f".{path.name}.lock")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(lock, os.O_CREAT | os.O_RDWR, 0o644)
        except OSError as error:
            raise StoreError(f"Could not lock {key} in {self.uri}: {error.strerror}.") from error
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


class S3Store:
    """A store under a prefix of a bucket.

    boto3 is loaded with the first of them: that takes a tenth of the start of a process, and most
    sites have a folder.
    """

    def __init__(self, bucket: str, prefix: str, *, endpoint_url: str | None = None) -> None:
        import boto3  # noqa: PLC0415  # see above
        from botocore.config import Config  # noqa: PLC0415  # see above

        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        # Checksum trailers and virtual hosts are AWS's own; other services refuse them.
        self._client: S3Client = boto3.session.Session().client(
            "s3",
            endpoint_url=endpoint_url,
            config=Config(
                connect_timeout=5,
                read_timeout=60,
                retries={"mode": "standard", "total_max_attempts": 4},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                s3={"addressing_style": "path" if endpoint_url else "auto"},
            ),
        )

    @property
    def uri(self) -> str:
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    def put(self, key: str, data: bytes) -> None:
        with self._translating_errors("write", key):
            self._client.put_object(Bucket=self._bucket, Key=self._prefix + key, Body=data)

    def upload(self, key: str, path: Path) -> None:
        with self._translating_errors("write", key):
            self._client.upload_file(str(path), self._bucket, self._prefix + key)

    def get(self, key: str) -> bytes:
        return self.get_tagged(key)[0]

    def get_tagged(self, key: str) -> tuple[bytes, str]:
        with self._translating_errors("read", key):
            answer = self._client.get_object(Bucket=self._bucket, Key=self._prefix + key)
            return answer["Body"].read(), answer["ETag"]

    def download(self, key: str, path: Path) -> None:
        with self._translating_errors("read", key), path.open("wb") as file:
            self._client.download_fileobj(self._bucket, self._prefix + key, file)

    def keys(self, prefix: str) -> list[str]:
        with self._translating_errors("list", prefix):
            pages = self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._prefix + prefix
            )
            keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
        return sorted(key.removeprefix(self._prefix) for key in keys)

    def delete(self, key: str) -> None:
        with self._translating_errors("delete", key):
            self._client.delete_object(Bucket=self._bucket, Key=self._prefix + key)

    def compare_and_swap(self, key: str, data: bytes, *, expected: str | None) -> None:
        name = self._prefix + key
        with self._translating_errors("write", key):
            if expected is None:
                self._client.put_object(Bucket=self._bucket, Key=name, Body=data, IfNoneMatch="*")
            else:
                self._client.put_object(Bucket=self._bucket, Key=name, Body=data, IfMatch=expected)

    @contextmanager
    def _translating_errors(self, verb: str, key: str) -> Iterator[None]:
        """Translate errors of S3 into those of a store."""
        # Loaded by now.
        from boto3.exceptions import S3UploadFailedError  # noqa: PLC0415
        from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

        what = f"{key} in {self.uri}"
        try:
            yield
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code in {"PreconditionFailed", "ConditionalRequestConflict", "409", "412"}:
                raise Conflict(f"{what} was changed by somebody else meanwhile.") from error
            if code in {"NoSuchKey", "NotFound", "404"}:
                raise NotFound(f"There is no {what}.") from error
            reason = error.response.get("Error", {}).get("Message") or code
            raise StoreError(f"Could not {verb} {what}: {_sentence(reason)}") from error
        except (BotoCoreError, S3UploadFailedError) as error:
            raise StoreError(f"Could not {verb} {what}: {_sentence(str(error))}") from error
        except OSError as error:
            raise StoreError(f"Could not {verb} {what}: {error.strerror}.") from error


def _sentence(reason: str) -> str:
    return reason if reason.endswith(".") else f"{reason}."


def _flush(path: Path) -> None:
    """Write a file or folder to the disk before anything refers to it."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
