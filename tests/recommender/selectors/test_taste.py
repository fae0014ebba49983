"""What of a library counts."""

from datetime import date

import pytest

from recommender.selectors.recommendations import counting_ratings, taste_of
from tests.factories import BookFactory, LibraryEntryFactory, ReaderFactory


@pytest.mark.django_db
@pytest.mark.parametrize("since", [None, date(2020, 1, 1)])
def test_the_short_way_counts_the_same_books(since: date | None) -> None:
    reader = ReaderFactory.create(read_since=since)
    for shelf in ("read", "to-read", "did-not-finish", "my own"):
        for stars in (None, 3.5):
            for day in (None, date(2019, 5, 5), date(2021, 5, 5)):
                for is_left_out in (False, True):
                    LibraryEntryFactory.create(
                        reader=reader,
                        book=BookFactory.create(),
                        shelf=shelf,
                        stars=stars,
                        read_on=day,
                        added_on=day and date(2018, 1, 1),
                        is_left_out=is_left_out,
                        read_count=2 if stars else 0,
                    )
    LibraryEntryFactory.create(reader=reader, book=None, stars=5)
    LibraryEntryFactory.create(reader=reader, book=BookFactory.create(goodbooks_id=None), stars=5)
    LibraryEntryFactory.create(book=BookFactory.create(), stars=5)
    taste = taste_of(reader=reader)

    assert counting_ratings(reader=reader) == taste.ratings
    assert len(taste.ratings) == (12 if since is None else 8)
