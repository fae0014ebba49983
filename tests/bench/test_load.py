"""What the benchmark of pages under load reads in PostgreSQL's log."""

from tests.bench.load.slow import Slow, slow_statements, without_values

LOG = """\
2026-11-27 09:00:01.200 UTC [71] LOG:  duration: 25.500 ms  plan:
\tQuery Text: SELECT "title"
\tFROM "catalog_book" WHERE "id" IN (3, 17, 4) AND "title" = 'It''s 5'
\tIndex Scan using book on catalog_book  (cost=0.42..8.44 rows=1 width=4)
\t  Index Cond: (id = 3)
2026-11-27 09:00:02.000 UTC [71] LOG:  checkpoint starting: time
"""


def test_slow_statements_are_read_with_their_plans_and_without_their_values() -> None:
    assert list(slow_statements(LOG)) == [
        Slow(
            25.5,
            'SELECT "title" FROM "catalog_book" WHERE "id" IN (?, …) AND "title" = ?',
            "Index Scan using book on catalog_book  (cost=0.42..8.44 rows=1 width=4)\n"
            "  Index Cond: (id = 3)",
        )
    ]


def test_names_with_digits_stay() -> None:
    assert without_values("SELECT T3.a FROM book T3 LIMIT 10") == (
        "SELECT T3.a FROM book T3 LIMIT ?"
    )
