import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from recsite.local.postgres import Postgres
from recsite.local.process import Account, LocalError

pytestmark = pytest.mark.services


def make(folder: Path, password: str = "own") -> Postgres:
    return Postgres(folder / "postgres", password, "super", folder / "log", durable=False)


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[Postgres]:
    with make(tmp_path) as server:
        yield server


def killed(postgres: Postgres) -> None:
    """Kill the server as `kill -9` does, its backends left to themselves."""
    assert postgres.pid
    os.kill(postgres.pid, signal.SIGKILL)
    os.waitpid(postgres.pid, 0)


def test_the_sites_role_is_no_superuser_and_can_do_what_the_site_needs(postgres: Postgres) -> None:
    with psycopg.connect(postgres.url) as connection:
        connection.execute("CREATE EXTENSION pg_trgm")
        row = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        assert row.fetchone() == (False,)
        found = connection.execute("SELECT lower('ÉCOLE'), similarity('Война', 'война')")
        assert found.fetchone() == ("école", 1.0)


def test_only_the_right_password_opens_it(postgres: Postgres) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(postgres.url.replace(":own@", ":wrong@"))


def test_it_runs_as_an_unprivileged_account_with_closed_data(postgres: Postgres) -> None:
    assert Path(f"/proc/{postgres.pid}").stat().st_uid != 0
    assert postgres.data.stat().st_mode & 0o777 == 0o700


def test_a_restart_keeps_data_and_port(tmp_path: Path) -> None:
    postgres = make(tmp_path)
    with postgres:
        before = postgres.url
        with psycopg.connect(before) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    with postgres, psycopg.connect(postgres.url) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (7,)
    assert postgres.url == before


def test_it_starts_again_after_kill_9_with_what_was_written(tmp_path: Path) -> None:
    postgres = make(tmp_path)
    postgres.durable = True
    with postgres:
        with psycopg.connect(postgres.url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
        killed(postgres)
        assert not postgres.alive()
        postgres.start()
        with psycopg.connect(postgres.url) as connection:
            assert connection.execute("SELECT number FROM kept").fetchone() == (7,)


def test_a_stale_lock_file_with_the_id_of_a_living_process_bars_nothing(tmp_path: Path) -> None:
    postgres = make(tmp_path)
    with postgres:
        lines = (postgres.data / "postmaster.pid").read_text().splitlines()
    lock = postgres.data / "postmaster.pid"
    lock.write_text("\n".join([str(os.getpid()), *lines[1:]]))
    with postgres:
        assert postgres.alive()


def test_a_server_that_outlived_its_parent_is_ended_first(tmp_path: Path) -> None:
    with make(tmp_path) as orphan, make(tmp_path) as successor:
        assert successor.alive()
        assert not orphan.alive()


def test_an_interrupted_creation_is_begun_anew(tmp_path: Path) -> None:
    unfinished = tmp_path / "postgres" / "data.unfinished"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18")
    with make(tmp_path) as postgres:
        assert postgres.alive()
    assert not unfinished.exists()


def test_a_changed_password_takes_effect(tmp_path: Path) -> None:
    with make(tmp_path):
        pass
    with make(tmp_path, password="other") as postgres, psycopg.connect(postgres.url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_lost_superuser_password_ends_in_one_sentence(tmp_path: Path) -> None:
    with make(tmp_path):
        pass
    stranger = make(tmp_path)
    stranger.superuser_password = "forgotten"
    with pytest.raises(LocalError, match="refused its stored password"):
        stranger.start()
    assert not stranger.alive()


def test_damaged_data_end_in_one_sentence_that_names_the_log(tmp_path: Path) -> None:
    with make(tmp_path) as postgres:
        pass
    (postgres.data / "global" / "pg_control").unlink()
    with pytest.raises(LocalError, match=r"did not start; .*/log says why"):
        postgres.start()


def test_a_server_that_is_killed_at_once_is_a_local_error(tmp_path: Path) -> None:
    class Short(Postgres):
        def _serve(self, binaries: Path, account: Account | None) -> bool:
            is_up = Postgres._serve(self, binaries, account)
            killed(self)
            return is_up

    postgres = Short(tmp_path / "postgres", "own", "super", tmp_path / "log", durable=False)
    with pytest.raises(LocalError, match="ended at once"):
        postgres.start()
    postgres.stop()


def test_a_server_that_fails_while_the_database_is_made_is_a_local_error(
    tmp_path: Path,
) -> None:
    postgres = make(tmp_path)
    with postgres:
        superuser = f"postgres://postgres:super@127.0.0.1:{postgres.port}/postgres"
        with psycopg.connect(superuser) as connection:
            connection.execute("ALTER ROLE postgres SET default_transaction_read_only = on")
    with pytest.raises(LocalError, match="read-only"):
        postgres.start()
    assert not postgres.alive()
