import os
import signal
from pathlib import Path

import pytest
import redis

from recsite.local.process import wait_until
from recsite.local.valkey import Valkey

pytestmark = pytest.mark.services


def make(folder: Path, password: str = "secret") -> Valkey:
    return Valkey(folder / "a folder", folder / "log", password)


def test_a_restart_keeps_what_was_written(tmp_path: Path) -> None:
    valkey = make(tmp_path)
    with valkey, redis.Redis.from_url(valkey.url) as client:
        client.set("kept", "7")
    with valkey, redis.Redis.from_url(valkey.url) as client:
        assert client.get("kept") == b"7"


def test_it_starts_again_after_kill_9_with_what_was_written(tmp_path: Path) -> None:
    with make(tmp_path) as valkey, redis.Redis.from_url(valkey.url) as client:
        client.set("kept", "7")
        assert valkey.pid
        os.kill(valkey.pid, signal.SIGKILL)
        assert wait_until(lambda: not valkey.alive(), seconds=10)
        valkey.start()
        assert client.get("kept") == b"7"


def test_only_the_right_password_opens_it(tmp_path: Path) -> None:
    with make(tmp_path) as valkey:
        for url in (valkey.url.replace(":secret@", ""), valkey.url.replace("secret", "wrong")):
            with redis.Redis.from_url(url) as client, pytest.raises(redis.AuthenticationError):
                client.ping()


def test_its_password_is_on_no_command_line(tmp_path: Path) -> None:
    with make(tmp_path) as valkey:
        assert b"secret" not in Path(f"/proc/{valkey.pid}/cmdline").read_bytes()


def test_it_may_do_without_a_password(tmp_path: Path) -> None:
    with make(tmp_path, "") as valkey, redis.Redis.from_url(valkey.url) as client:
        assert client.ping()
