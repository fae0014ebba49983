"""Statements that take long while pages are asked for, with their plans, as PostgreSQL tells them.

Measuring every step of every statement costs time itself, so that tables of pages come from runs
without it.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
from django.conf import settings
from psycopg import sql

from recsite.local.postgres import SUPERUSER
from tests.bench.search.measure import say

SETTINGS = {
    "session_preload_libraries": "auto_explain",
    "auto_explain.log_analyze": "on",
    "auto_explain.log_buffers": "on",
}
TOLD = re.compile(r"duration: ([\d.]+) ms  plan:\n((?:\t.*\n)+)")
WIDEST = 400


@dataclass(frozen=True, slots=True)
class Slow:
    """A statement that took long, without its values, and PostgreSQL's plan of it."""

    milliseconds: float
    statement: str
    plan: str


def log_slow(milliseconds: int) -> None:
    """Let PostgreSQL log what takes longer, from the next connections on."""
    database = settings.DATABASES["default"]
    with psycopg.connect(
        host=database["HOST"],
        port=database["PORT"],
        user=SUPERUSER,
        password=database["PASSWORD"],
        dbname=database["NAME"],
        autocommit=True,
    ) as connection:
        connection.execute("LOAD 'auto_explain'")  # else its settings are not known
        wanted = SETTINGS | {"auto_explain.log_min_duration": str(milliseconds)}
        for name, value in wanted.items():
            connection.execute(
                sql.SQL("ALTER SYSTEM SET {} = {}").format(
                    sql.SQL(".").join(map(sql.Identifier, name.split("."))), sql.Literal(value)
                )
            )
        connection.execute("SELECT pg_reload_conf()")


def slow_statements(log: str) -> Iterator[Slow]:
    """The statements in a log of the server."""
    for took, text in TOLD.findall(log):
        lines = text.replace("\n\t", "\n").strip().splitlines()
        first = next(n for n, line in enumerate(lines) if "  (cost=" in line)
        statement = " ".join(lines[:first]).removeprefix("Query Text: ")
        yield Slow(float(took), without_values(statement), "\n".join(lines[first:]))


def without_values(statement: str) -> str:
    """A statement with a mark in place of each value or list of values."""
    marked = re.sub(r"'(?:[^']|'')*'|\b\d+(?:\.\d+)?\b", "?", statement)
    return re.sub(r"\?(?:, \?)+", "?, …", marked)


def say_slow(log: Path) -> None:
    """How often each statement was slow, and the plan of its slowest run, the costliest first."""
    found: dict[str, list[Slow]] = defaultdict(list)
    for one in slow_statements(log.read_text(errors="replace")):
        found[one.statement].append(one)
    say(f"\n{sum(map(len, found.values())):,} slow statements, {len(found)} different ones")
    for runs in sorted(found.values(), key=lambda runs: -sum(run.milliseconds for run in runs)):
        times = sorted(run.milliseconds for run in runs)
        slowest = max(runs, key=lambda run: run.milliseconds)
        middle = times[len(times) // 2]
        say(f"\n{len(runs)} times, median {middle:.0f} ms, slowest {times[-1]:.0f} ms:")
        say(f"{slowest.statement[:WIDEST]}\n{slowest.plan}")
