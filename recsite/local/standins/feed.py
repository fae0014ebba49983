"""Writes shelves as Goodreads does: the RSS feed and the XML of the legacy API."""

from collections.abc import Sequence
from datetime import datetime
from xml.sax.saxutils import escape, quoteattr

from recsite.local.standins.shelves import Item

# Spelled out, because strftime follows the machine's language.
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = (
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip
_COVER = "https://images.gr-assets.com/books/nophoto/book/{width}.png"


def write_feed(items: Sequence[Item], *, base: str, user_id: int, name: str, shelf: str) -> str:
    """One page of a shelf's feed; ``shelf`` is the end of the channel's title."""
    built = mail_date(items[0].added_at) if items else "Tue, 30 Jun 2026 13:15:00 -0700"
    address = f"{base}/review/list_rss/{user_id}"
    head = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom">\n  <channel>\n'
        '    <xhtml:meta xmlns:xhtml="http://www.w3.org/1999/xhtml" name="robots" '
        'content="noindex" />\n'
        f"    <title>{escape(name)}'s bookshelf: {escape(shelf)}</title>\n"
        f"    <link><![CDATA[{address}]]></link>\n"
        f"    <description><![CDATA[Books of {escape(name)}]]></description>\n"
        "    <language>en-US</language>\n"
        f"    <lastBuildDate>{built}</lastBuildDate>\n    <ttl>60</ttl>\n"
        f"    <image>\n      <title>{escape(name)}'s bookshelf: {escape(shelf)}</title>\n"
        "      <width>144</width>\n    </image>\n"
    )
    lines = "".join(_feed_item(item, base=base, name=name) for item in items)
    return f"{head}{lines}  </channel>\n</rss>\n"


def write_reviews(items: Sequence[Item], *, start: int, total: int) -> str:
    """One page of the legacy API: items from ``start`` on, of ``total``."""
    end = start + len(items) - 1 if items else 0
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<GoodreadsResponse>\n'
        "  <Request><authentication>true</authentication>"
        "<method><![CDATA[review_list]]></method></Request>\n"
        f'  <reviews start="{start if items else 0}" end="{end}" total="{total}">\n'
        + "".join(map(_review, items))
        + "  </reviews>\n</GoodreadsResponse>\n"
    )


def mail_date(moment: datetime) -> str:
    """RFC 2822, the day with one or two digits."""
    return (
        f"{_DAYS[moment.weekday()]}, {moment.day} {_MONTHS[moment.month - 1]} {moment.year} "
        f"{moment:%H:%M:%S %z}"
    )


def api_date(moment: datetime | None) -> str:
    """``Wed Jun 10 21:44:29 -0700 2020``."""
    if moment is None:
        return ""
    return (
        f"{_DAYS[moment.weekday()]} {_MONTHS[moment.month - 1]} {moment.day:02d} "
        f"{moment:%H:%M:%S %z} {moment.year}"
    )


def _feed_item(item: Item, *, base: str, name: str) -> str:
    review = f"{base}/review/show/{item.review_id}?utm_medium=api&amp;utm_source=rss"
    added = mail_date(item.added_at)
    covers = "".join(
        f"      <book_{size}image_url><![CDATA[{_COVER.format(width=width)}]]>"
        f"</book_{size}image_url>\n"
        for size, width in (("", 50), ("small_", 50), ("medium_", 98), ("large_", 111))
    )
    return (
        f"    <item>\n      <guid>{review}</guid>\n      <pubDate>{added}</pubDate>\n"
        f"      <title>{_text(item.title, in_cdata=item.in_cdata)}</title>\n"
        f"      <link>{review}</link>\n"
        f"      <book_id>{_or_empty(item.edition_id)}</book_id>\n"
        f"{covers}      <book_description><![CDATA[<p>Not <em>told</em> here.</p>]]>"
        "</book_description>\n"
        f'      <book id="{_or_empty(item.edition_id)}">\n        <num_pages>320</num_pages>\n'
        "      </book>\n"
        f"      <author_name>{escape(item.author)}</author_name>\n"
        f"      <isbn>{item.isbn}</isbn>\n      <user_name>{escape(name)}</user_name>\n"
        f"      <user_rating>{item.stars}</user_rating>\n"
        f"      <user_read_at>{mail_date(item.read_at) if item.read_at else ''}</user_read_at>\n"
        f"      <user_date_added>{added}</user_date_added>\n"
        f"      <user_date_created>{added}</user_date_created>\n"
        f"      <user_shelves>{escape(item.user_shelves)}</user_shelves>\n"
        "      <user_review></user_review>\n      <average_rating>3.98</average_rating>\n"
        f"      <book_published>{_or_empty(item.year)}</book_published>\n"
        "      <description><![CDATA[<br/>]]></description>\n    </item>\n"
    )


def _review(item: Item) -> str:
    isbn = f"<isbn>{item.isbn}</isbn>" if item.isbn else '<isbn nil="true"/>'
    short_title = item.title.partition(" (")[0]
    return (
        f"    <review>\n      <id>{item.review_id}</id>\n      <book>\n"
        f'        <id type="integer">{_or_empty(item.edition_id)}</id>\n        {isbn}\n'
        '        <isbn13 nil="true"/>\n'
        f"        <title>{_text(item.title, in_cdata=item.in_cdata)}</title>\n"
        f"        <title_without_series>{escape(short_title)}</title_without_series>\n"
        "        <authors><author><id>1</id>"
        f"<name>{escape(item.author)}</name></author></authors>\n"
        f"        <published>{_or_empty(item.year)}</published>\n"
        f"        <work><id>{item.work_id}</id></work>\n      </book>\n"
        f"      <rating>{item.stars}</rating>\n"
        f'      <shelves><shelf name={quoteattr(item.shelf)} exclusive="true"/>'
        '<shelf name="owned" exclusive="false"/></shelves>\n'
        f"      <read_at>{api_date(item.read_at)}</read_at>\n"
        f"      <date_added>{api_date(item.added_at)}</date_added>\n"
        f"      <date_updated>{api_date(item.added_at)}</date_updated>\n    </review>\n"
    )


def _text(text: str, *, in_cdata: bool) -> str:
    if in_cdata:
        return f"<![CDATA[{text.replace(']]>', ']]]]><![CDATA[>')}]]>"
    return escape(text)


def _or_empty(value: int | None) -> str:
    return "" if value is None else str(value)
