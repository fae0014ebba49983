"""Many rows at once, where Django's own way takes longer than the database."""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, LiteralString

from django.db import connection, transaction
from django.db.models import Model
from psycopg import sql

BATCH = 10_000


def insert_rows(rows: Iterable[Model]) -> None:
    """Store many new rows of one model, in a statement for each 10,000 of them.

    What `bulk_create` does, but the objects do not learn their keys.
    """
    with transaction.atomic():
        for batch in _batches(rows):
            fields = [one for one in batch[0]._meta.concrete_fields if not one.primary_key]
            _execute(
                "INSERT INTO {table} ({columns}) SELECT {columns} FROM {rows}",
                [{one.column: one.pre_save(row, add=True) for one in fields} for row in batch],
                batch[0],
                columns=sql.SQL(", ").join([_name(one.column) for one in fields]),
            )


def update_rows(rows: Iterable[Model], fields: Sequence[str]) -> None:
    """Store these fields of many rows of one model, in a statement for each 10,000 of them.

    What `bulk_update` does, whose CASE for each field names each row, so that 300 rows take a tenth
    of a second to write down. Fields that change by themselves (`auto_now`) do not.
    """
    with transaction.atomic():
        for batch in _batches(rows):
            own = {field.name: field for field in batch[0]._meta.concrete_fields}
            [key] = [field for field in own.values() if field.primary_key]
            stored = [own[name] for name in fields]
            named = [key, *stored]
            _execute(
                "UPDATE {table} SET {changed} FROM {rows} WHERE {table}.{key} = rows.{key}",
                [{one.column: getattr(row, one.attname) for one in named} for row in batch],
                batch[0],
                changed=sql.SQL(", ").join(
                    [sql.SQL("{0} = rows.{0}").format(_name(one.column)) for one in stored]
                ),
                key=_name(key.column),
            )


def _batches(rows: Iterable[Model]) -> Iterator[list[Model]]:
    rest = iter(rows)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _name(column: str | None) -> sql.Identifier:
    return sql.Identifier(str(column))


def _execute(
    statement: LiteralString,
    lines: list[dict[str | None, Any]],
    example: Model,
    **parts: sql.Composable,
) -> None:
    """Run a statement on ``rows``: lines as one parameter of JSON, whose types the table tells."""
    table = sql.Identifier(example._meta.db_table)
    rows = sql.SQL("jsonb_populate_recordset(NULL::{}, %s) AS rows").format(table)
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL(statement).format(table=table, rows=rows, **parts),
            [json.dumps(lines, default=str)],
        )
