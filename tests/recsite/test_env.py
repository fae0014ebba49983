"""A bad setting stops the start with a sentence that names it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def start(**variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env=dict(os.environ) | variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "short"),
        ("DATABASE_URL", "mysql://localhost/x"),
        ("DATABASE_URL", "postgres://localhost"),
        ("REDIS_URL", "localhost:6379"),
        ("DEBUG", "perhaps"),
        ("GOODREADS_MAX_PAGES", "0"),
        ("GOODREADS_PAUSE_SECONDS", "soon"),
        ("LOG_LEVEL", "LOUD"),
        ("COVER_HOST", "ftp://covers"),
    ],
)
def test_a_bad_value_is_named_in_one_sentence(name: str, value: str) -> None:
    done = start(**{name: value})
    assert done.returncode != 0
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith(f"Bookfold cannot start: {name} ")


def test_good_values_pass() -> None:
    done = start(DEBUG="yes", GOODREADS_PAUSE_SECONDS="1.5", COVER_HOST="https://covers.example")
    assert done.returncode == 0, done.stderr


def test_the_example_names_every_variable() -> None:
    source = (ROOT / "recsite/settings.py").read_text()
    example = (ROOT / ".env.example").read_text()
    names = {part.split('"')[1] for part in source.split("env.")[1:] if '("' in part[:12]}
    assert len(names) > 20
    assert not {name for name in names if f"# {name}=" not in example}
