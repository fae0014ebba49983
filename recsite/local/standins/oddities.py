"""Odd items, as they have been seen in feeds."""

from datetime import datetime, timedelta, timezone

from recsite.local.standins.shelves import Item

_PACIFIC = timezone(timedelta(hours=-7))
_INDIA = timezone(timedelta(hours=5, minutes=30))


def odd_items() -> list[Item]:
    """Readable items, each odd in its own way; two of them are repeats."""
    first = _item(1, 5907, "The Hobbit (The Lord of the Rings, #0)", isbn="0618260307")
    return [
        first,
        _item(2, 5907, "The Hobbit (The Lord of the Rings, #0)", stars=1),  # the same book twice
        _item(1, 656983, "The Hobbit", stars=4),  # another edition under the same review
        _item(3, 1885, "Pride & Prejudice", "Jane  Austen", in_cdata=True, isbn="080442957X"),
        _item(4, 24583, "Tom &amp; Huck", "Mark   Twain", in_cdata=True),  # escaped twice
        _item(5, 24584, "Tom & Becky", "Mark Twain", stars=0),
        _item(6, 12505, "Идиот", "Фёдор Достоевский", isbn="", year=1869),
        _item(7, 11297, "ノルウェイの森", "村上 春樹", isbn="", in_cdata=True),
        _item(8, 1381, "The Odyssey", "Homer", isbn="", year=-700),
        _item(9, 99, "Nothing Known of It", "", isbn="", year=None, read_at=None),
        _item(10, 100, 'A "Quoted" <Title> ]]> Here', "N. K.\u00a0Jemisin", in_cdata=True),
        _item(11, 101, "A Day of One Digit", added_at=datetime(2020, 6, 1, 0, 5, tzinfo=_INDIA)),
    ]


def bad_items() -> list[Item]:
    """Unusable items between two usable ones."""
    return [
        _item(21, 201, "Before"),
        _item(22, None, "Without a Number"),
        _item(23, 203, ""),
        _item(24, 204, "Nine Stars", stars=9),
        _item(25, 205, "After"),
    ]


def switched_items(*, later: bool) -> list[Item]:
    """One review; ``later``, its reader has chosen another edition."""
    return [_item(31, 656983 if later else 5907, "The Hobbit (The Lord of the Rings, #0)")]


def _item(
    review: int,
    edition_id: int | None,
    title: str,
    author: str = "J.R.R. Tolkien",
    *,
    isbn: str = "0618260307",
    stars: int = 5,
    added_at: datetime = datetime(2020, 6, 10, 21, 44, 29, tzinfo=_PACIFIC),
    read_at: datetime | None = datetime(2020, 6, 9, tzinfo=_PACIFIC),
    year: int | None = 1937,
    in_cdata: bool = False,
) -> Item:
    return Item(
        review_id=770_000_000 + review,
        edition_id=edition_id,
        work_id=880_000_000 + review,
        title=title,
        author=author,
        isbn=isbn,
        stars=stars,
        added_at=added_at,
        read_at=read_at,
        year=year,
        in_cdata=in_cdata,
    )
