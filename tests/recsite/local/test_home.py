import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from recsite.env import Environment
from recsite.local.datasets import Dataset, Prepared
from recsite.local.embedded import embedded, read_addresses
from recsite.local.home import Home, home_of
from recsite.local.process import LocalError


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.create()
    return home


def test_everything_in_it_is_closed_to_others(home: Home) -> None:
    home.secrets()
    home.publish({"A": "b"})
    assert home.path.stat().st_mode & 0o777 == 0o700
    for path in (home.path / "secrets.json", home.addresses_file):
        assert path.stat().st_mode & 0o777 == 0o600


def test_secrets_are_made_once_and_differ(home: Home) -> None:
    secrets = home.secrets()
    assert home.secrets() == secrets
    assert len(set(secrets.values())) == len(secrets)


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LocalError, match=r"can't be written .*set BOOKFOLD_HOME"):
        Home(tmp_path / "file" / "home").create()


def test_what_killed_processes_left_goes_at_the_next_start(home: Home) -> None:
    home.empty_temporary()
    (home.temporary / "spark-1").mkdir()
    (home.temporary / "tmp1.upload.csv").write_text("Title,Author")
    home.empty_temporary()
    assert list(home.temporary.iterdir()) == []
    assert home.temporary.stat().st_mode & 0o777 == 0o700


def test_one_process_at_a_time_has_it(home: Home) -> None:
    with home.locked() as first, home.locked() as second:
        assert (first, second) == (True, False)
        assert home.owner() is not None
    assert home.owner() is None
    with home.locked() as again:
        assert again


def test_it_is_dot_local_in_the_checkout_unless_named(tmp_path: Path) -> None:
    assert home_of({}).path.name == ".local"
    assert home_of({"BOOKFOLD_HOME": str(tmp_path)}).path == tmp_path


def test_addresses_are_read_as_they_were_published(home: Home) -> None:
    home.publish({"DATABASE_URL": "postgres://a:b=c@d/e", "PORT": "8000"})
    assert read_addresses(home) == {"DATABASE_URL": "postgres://a:b=c@d/e", "PORT": "8000"}
    home.withdraw()
    assert not home.addresses_file.exists()


def test_what_was_prepared_is_read_as_it_was_written(home: Home) -> None:
    assert Prepared.read(home) is None
    prepared = Prepared(Dataset("/data", "a shelf", simulated=True), 7, "a@b.c", "word")
    prepared.write(home)
    assert Prepared.read(home) == prepared
    written = json.loads(home.prepared_file.read_text())
    del written["loader_version"]  # by a version of Bookfold that did not note it
    home.prepared_file.write_text(json.dumps(written))
    assert Prepared.read(home) == replace(prepared, loader_version=1)


def test_a_copy_reads_its_own_data(home: Home, tmp_path: Path) -> None:
    data = Dataset(str(home.path / "data" / "starter"), "a shelf", simulated=True)
    Prepared(data, 7, "a@b.c", "word").write(home)
    copy = Home(tmp_path / "copy")
    shutil.copytree(home.path, copy.path)
    prepared = Prepared.read(copy)
    assert prepared is not None
    assert prepared.dataset.folder == str(copy.path / "data" / "starter")


def test_a_copy_does_not_ask_the_services_of_the_original(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OF_THE_SITE", raising=False)
    home.publish({"BOOKFOLD_HOME": str(home.path), "OF_THE_SITE": "yes"})
    copy = tmp_path / "copy"
    shutil.copytree(home.path, copy)
    environment = Environment(tmp_path / "none")
    environment.read_site(copy)
    assert environment.text("OF_THE_SITE", "") == ""
    environment.read_site(home.path)
    assert environment.text("OF_THE_SITE", "") == "yes"
    monkeypatch.delenv("OF_THE_SITE")


def test_services_with_an_address_of_their_own_are_not_embedded(home: Home) -> None:
    given = {"DATABASE_URL": "postgres://a@b/c", "SECRET_KEY": "mine"}
    parts = embedded(home, given)
    assert [service.name for service in parts.services] == ["valkey"]
    assert parts.environment["DATABASE_URL"] == "postgres://a@b/c"
    assert parts.environment["SECRET_KEY"] == "mine"
    assert parts.environment["REDIS_URL"].startswith("redis://")


def test_by_default_both_are_embedded_with_secrets_of_the_home(home: Home) -> None:
    parts = embedded(home, {})
    assert [service.name for service in parts.services] == ["postgres", "valkey"]
    assert home.secrets()["POSTGRES_PASSWORD"] in parts.environment["DATABASE_URL"]
