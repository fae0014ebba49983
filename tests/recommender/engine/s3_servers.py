"""Two S3 services on free ports of this machine, each real over a socket."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import boto3
from botocore.config import Config
from moto.server import ThreadedMotoServer

from recsite.local.process import free_port, wait_until

BUCKET = "releases"
KEY, SECRET = "bookfold-test", "a-secret-for-tests"
RCLONE = Path(sys.executable).with_name("rclone")


@dataclass(frozen=True, slots=True)
class S3Server:
    """Where a stand-in listens."""

    endpoint_url: str

    def make_bucket(self) -> None:
        """Make the bucket of the tests."""
        config = Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 2})
        boto3.session.Session().client(
            "s3", endpoint_url=self.endpoint_url, config=config
        ).create_bucket(Bucket=BUCKET)


@contextmanager
def moto_server(host: str = "127.0.0.1") -> Iterator[S3Server]:
    """Moto honors `If-Match` and `If-None-Match`, and checks no signature."""
    server = ThreadedMotoServer(ip_address=host, port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield S3Server(f"http://{host}:{port}")
    finally:
        server.stop()


@contextmanager
def rclone_server(folder: Path) -> Iterator[S3Server]:
    """Rclone checks signatures, and ignores conditions."""
    port = free_port()
    command: list[str | Path] = [
        RCLONE,
        "serve",
        "s3",
        str(folder),
        "--config",
        "",
        "--vfs-cache-mode",
        "off",
    ]
    command += ["--addr", f"127.0.0.1:{port}", "--auth-key", f"{KEY},{SECRET}", "--no-modtime"]
    with (folder.parent / "rclone.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            assert wait_until(lambda: _listens(port), seconds=30), "rclone did not start"
            yield S3Server(f"http://127.0.0.1:{port}")
        finally:
            process.terminate()
            process.wait(timeout=20)


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
