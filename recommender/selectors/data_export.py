"""All that is stored about a reader, to take away: JSON for programs, CSV for people and sites."""

import csv
import io
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django.core.serializers.json import DjangoJSONEncoder

from catalog.models import BookIdentifier
from recommender.models import ImportItem, LibraryEntry, Reader, Recommendation
from recsite.accounts.models import User
from recsite.common.spreadsheets import escape_formula

#: As Goodreads names them, so that other sites, and this one, can import the file.
LIBRARY_COLUMNS = (
    "Book Id",
    "Title",
    "Author",
    "ISBN13",
    "My Rating",
    "Exclusive Shelf",
    "Date Read",
    "Date Added",
    "Read Count",
    "Left Out Of Recommendations",
    "Source",
)
READ_ME = """What Bookfold stores about you, at the time you asked for it.

everything.json       all of it: account, library, imports, lists, what you dismissed
library.csv           your books in the columns of Goodreads' export; Bookfold reads it back
recommendations.csv   the lists you saved
dismissed.csv         what you do not want to be offered
"""


def export_data(*, reader: Reader) -> bytes:
    """A ZIP file with all that is stored about a reader, and nothing about anybody else."""
    library, lists, dismissed = _library(reader), _lists(reader), _dismissed(reader)
    data = {
        "account": _account(reader),
        "library": library,
        "removed_from_library": list(
            reader.removed_entries.values(
                "source", "source_key", "title", "author", "stars", "shelf", "removed_at"
            )
        ),
        "given_up_as_books_were_merged": list(
            reader.given_up_entries.values("source", "source_key", "title", "stars", "shelf")
        ),
        "e_mails_of_new_books": list(
            reader.digests.exclude(sent_at=None).values("run", "sent_at", "books")
        ),
        "lists": lists,
        "dismissed": dismissed,
        "reads_together": list(reader.memberships.values("group", "name", "joined_at")),
        "books_proposed": _proposals(reader),
        "linked_shelves": list(
            reader.shelves.values("source", "account", "shelf", "etags", "pulled_at")
        ),
        "imports": _imports(reader),
    }
    places = [
        {"List": saved["id"], "Made": saved["created_at"], **place}
        for saved in lists
        for place in saved["books"]
    ]
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.txt", READ_ME)
        archive.writestr("everything.json", _json(data))
        archive.writestr("library.csv", _csv(LIBRARY_COLUMNS, _as_goodreads(reader)))
        columns = ("List", "Made", "place", "title", "author", "score", "expected_stars")
        archive.writestr("recommendations.csv", _csv(columns, places))
        archive.writestr(
            "dismissed.csv", _csv(("kind", "name", "reason", "since", "undone"), dismissed)
        )
    return file.getvalue()


def _account(reader: Reader) -> dict[str, Any]:
    user = reader.user
    return {
        "email": user.email if user else None,
        "single_sign_on": _sign_ons(user),
        "joined": user.date_joined if user else reader.created_at,
        "last_seen": reader.last_seen_at,
        "counts_books_read_since": reader.read_since,
        "languages_of_lists": reader.languages,
        "goodreads_is_refreshed": reader.refresh_pace,
        "is_written_to": reader.digest_pace,
        "time_zone": reader.time_zone,
        "ratings_help_others_since": reader.shares_since,
        "unknown_books_are_looked_up": reader.looks_up_books,
        "looks_for_books_at": reader.finder_url,
        "token_of_the_feed": reader.feed_token,
    }


def _sign_ons(user: User | None) -> list[dict[str, Any]]:
    accounts = SocialAccount.objects.filter(user=user) if user else SocialAccount.objects.none()
    return list(accounts.values("provider", "uid", "extra_data", "date_joined", "last_login"))


def _library(reader: Reader) -> list[dict[str, Any]]:
    hidden = ("reader", "wanted")  # a number of ours that says nothing
    fields = [field.name for field in LibraryEntry._meta.fields if field.name not in hidden]
    return list(reader.entries.order_by("pk").values(*fields))


def _as_goodreads(reader: Reader) -> Iterable[dict[str, Any]]:
    entries = reader.entries.select_related("book").order_by("pk")
    for entry in entries.prefetch_related("book__identifiers", "book__credits__author"):
        book = entry.book
        known = {one.scheme: one.value for one in book.identifiers.all()} if book else {}
        numbers = {**known, entry.source: entry.source_key}
        yield {
            "Book Id": numbers.get(BookIdentifier.Scheme.GOODREADS, ""),
            "Title": book.title if book else entry.title,
            "Author": ", ".join(book.author_names[:1]) if book else entry.author,
            "ISBN13": known.get(BookIdentifier.Scheme.ISBN13, ""),
            "My Rating": f"{entry.stars:g}" if entry.stars is not None else "0",
            "Exclusive Shelf": entry.shelf,
            "Date Read": entry.read_on.strftime("%Y/%m/%d") if entry.read_on else "",
            "Date Added": entry.added_on.strftime("%Y/%m/%d") if entry.added_on else "",
            "Read Count": str(entry.read_count or ""),
            "Left Out Of Recommendations": "yes" if entry.is_left_out else "",
            "Source": entry.get_source_display(),
        }


def _lists(reader: Reader) -> list[dict[str, Any]]:
    runs = reader.runs.select_related("release").prefetch_related(
        "recommendations__book__credits__author"
    )
    return [
        {
            "id": run.pk,
            "created_at": run.created_at,
            "name": run.name,
            "note": run.note,
            "token_of_its_link": run.share_token,
            "search_engines_may_list_it": run.may_be_indexed,
            "release": run.release.version,
            "ranker": run.ranker,
            "parameters": run.parameters,
            "ratings_used": run.ratings_used,
            "books": [_place(place) for place in run.recommendations.all()],
        }
        for run in runs
    ]


def _place(place: Recommendation) -> dict[str, Any]:
    return {
        "place": place.rank,
        "title": place.book.title,
        "author": ", ".join(place.book.author_names),
        "score": place.score,
        "expected_stars": place.expected_stars,
        "reasons": place.reasons,
    }


def _dismissed(reader: Reader) -> list[dict[str, Any]]:
    return [
        {
            "kind": "book" if one.book_id else "author" if one.author_id else "genre",
            "name": str(one),
            "reason": one.reason,
            "since": one.created_at,
            "undone": one.undone_at,
        }
        for one in reader.dismissals.select_related("book", "author", "genre")
    ]


def _proposals(reader: Reader) -> list[dict[str, Any]]:
    return [
        {
            **{name: getattr(one, name) for name in ("title", "author", "isbn13", "edition_id")},
            **{name: getattr(one, name) for name in ("state", "problem", "searches")},
            **{name: getattr(one, name) for name in ("item_id", "entry_id", "book_id")},
            "asked_at": one.asked_at,
            "created_at": one.created_at,
            "found": [work["key"] for work in one.works],
        }
        for one in reader.proposals.order_by("created_at")
    ]


def _imports(reader: Reader) -> list[dict[str, Any]]:
    fields = [field.name for field in ImportItem._meta.fields if field.name not in ("id", "job")]
    rows: dict[object, list[dict[str, Any]]] = {}
    for row in ImportItem.objects.filter(job__reader=reader).values("job", *fields):
        rows.setdefault(row.pop("job"), []).append(row)
    kept = ("id", "kind", "account", "filename", "shelf", "state", "created_at", "finished_at")
    return [{**job, "rows": rows.get(job["id"], [])} for job in reader.imports.values(*kept)]


def _json(data: Mapping[str, Any]) -> str:
    return json.dumps(data, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1)


def _csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(
        {
            name: escape_formula(value) if isinstance(value, str) else value
            for name, value in row.items()
        }
        for row in rows
    )
    return text.getvalue()
