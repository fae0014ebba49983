"""The benchmark of new books has each book that its readers have read, with what is known of it."""

import csv

from tests.bench.new_books.__main__ import READERS, works


def test_every_book_that_was_read_is_a_new_work_with_subjects() -> None:
    known = {work.title: work for work in works()}
    with READERS.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {row["title"] for row in rows} <= known.keys()
    assert len({row["reader"] for row in rows}) == 10
    assert {row["stars"] for row in rows} <= set("12345")
    assert all(work.year and work.year >= 2018 and work.subjects for work in known.values())
    assert len({work.key for work in works()}) == len(known)
