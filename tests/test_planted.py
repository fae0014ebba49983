"""The search for secrets at the end of a run finds them."""

import os
from pathlib import Path

import pytest

from tests.planted import PASSWORD, SECRET_KEY, found_in, secrets

CLEAN = b"GET /accounts/password/reset/key/\xe2\x80\xa6/ by reader 7, mail to bookfold@localhost"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("SECRET_KEY", SECRET_KEY),
        ("a reader's password", PASSWORD),
        ("a link of an email", "/digest/stop/MTI:1vO9ab:c0ffeec0ffee/"),
        ("an address", "reader7@example.org"),
    ],
)
def test_a_secret_in_a_file_is_found(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "web.log").write_bytes(b"ok\n" * 1000 + text.encode() + b"\nok")

    [line] = found_in(tmp_path, secrets())

    assert line.startswith(f"{name} stands in site/web.log, after …")


def test_the_passwords_of_services_are_looked_for(tmp_path: Path) -> None:
    (tmp_path / "worker.log").write_text(f"connected to {os.environ['REDIS_URL']}")

    assert "the password of REDIS_URL stands in worker.log" in "".join(
        found_in(tmp_path, secrets())
    )


def test_what_may_be_written_is_not_taken_for_one(tmp_path: Path) -> None:
    (tmp_path / "web.log").write_bytes(CLEAN)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "table").write_text(PASSWORD)

    assert list(found_in(tmp_path, secrets())) == []
