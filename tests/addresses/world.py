"""A site with all kinds of visitors, and something behind every address.

It is built once. Each request runs in a savepoint that is undone, so that the next finds the same.
"""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from http.cookies import SimpleCookie
from typing import Any, cast

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.http import HttpResponse
from django.test import Client
from django_celery_beat.models import (
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
)

from catalog.models import Book, BookIdentifier, FoundWork, StagedEdits, WantedBook
from recommender.models import (
    Dismissal,
    ImportJob,
    LibraryEntry,
    Proposal,
    Reader,
    RemovedEntry,
    Run,
    SourceShelf,
)
from recommender.roles import CURATOR, OPERATOR
from recommender.services import digests, groups, import_worker, imports, merging, runs, saved_lists
from recsite.accounts.models import User
from recsite.mail.models import QueuedMail
from tests.factories import (
    ImportItemFactory,
    ImportJobFactory,
    LibraryEntryFactory,
    ProposalFactory,
    ReaderFactory,
    UserFactory,
    create_books,
)
from tests.pages import client_of
from tests.releases import publish_release
from tests.works import KLARA

ACTORS = ("owner", "stranger", "guest", "nobody", "curator", "operator", "superuser")
#: Stands in the owner's address and in what the owner has read, looked for and removed.
PRIVATE = "zephyrine"
FILE = f"""Title,Author,My Rating,Book Id,Exclusive Shelf
Sea 0,Mariner No0,5,1,read
Sea 1,Mariner No1,4,2,read
Sea 2,Mariner No2,,3,read
Moor 1 (Unabridged),Walker No1,4,4,read
The {PRIVATE} diaries,A. Nonymous,4,6,read
,No Title,4,7,read
Moor 3,Walker No3,,8,to-read
"""


@dataclass
class World:
    """The visitors' browsers, and what the variable parts of addresses stand for."""

    browsers: dict[str, Client]
    people: dict[str, Reader | User | None]
    parts: dict[str, str]
    crawls: dict[str, Any] = field(default_factory=dict)  # what `crawl` has found
    _cookies: dict[str, SimpleCookie] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._cookies = {
            name: SimpleCookie(b.cookies.output(header="", sep=";"))
            for name, b in self.browsers.items()
        }

    @contextmanager
    def ask(self, actor: str, method: str, address: str, **sent: Any) -> Iterator[HttpResponse]:
        """The answer to one request, whose effects last until the block ends.

        What the database would refuse at the end of the transaction, it refuses here.
        """
        browser = self.browsers[actor]
        with transaction.atomic():
            answer = cast("HttpResponse", browser.generic(method, address, **sent))
            yield answer
            if answer.status_code < 500:
                connection.check_constraints()
            transaction.set_rollback(True)
        browser.cookies = SimpleCookie(self._cookies[actor].output(header="", sep=";"))


def tell(text: str) -> None:
    """Print a line of the counts, for runs that show what is printed."""
    sys.stdout.write(f"\n{text}\n")


def build(store: str) -> World:
    """Fill the database; `store` is the address of an empty store of releases."""
    sea = create_books({f"Sea {n}": f"Mariner No{n}" for n in range(12)})
    moor = create_books({f"Moor {n}": f"Walker No{n}" for n in range(12)})
    for number, book in enumerate(sea[2:4], start=1):  # the owner has read the first of them
        Book.objects.filter(pk=book.pk).update(series_name="The Tides", series_number=number)
    publish_release(store, [[book.goodbooks_id or 0 for book in books] for books in (sea, moor)])
    people = _people()
    owner = people["owner"]
    assert isinstance(owner, Reader)
    parts = _of_the_owner(owner, sea, moor)
    for name in ("stranger", "guest"):
        LibraryEntryFactory.create(reader=people[name], book=sea[4], stars=5)
    curator = people["curator"]
    assert isinstance(curator, User)
    parts |= _of_the_curator(curator, sea, moor) | _of_the_operator(owner)
    browsers = {name: _browser(person) for name, person in people.items()}
    return World(browsers, people, parts)


def _people() -> dict[str, Reader | User | None]:
    def staff(role: str) -> User:
        user: User = UserFactory.create(email=f"{role}@books.example", is_staff=True)
        user.groups.add(Group.objects.get(name=role))
        return user

    return {
        "owner": ReaderFactory.create(user__email=f"{PRIVATE}@books.example"),
        "stranger": ReaderFactory.create(),
        "guest": ReaderFactory.create(user=None),
        "nobody": None,
        "curator": staff(CURATOR),
        "operator": staff(OPERATOR),
        "superuser": UserFactory.create(is_staff=True, is_superuser=True),
    }


def _browser(person: Reader | User | None) -> Client:
    browser = client_of(person if isinstance(person, Reader) else None)
    browser.raise_request_exception = False
    if isinstance(person, User):
        browser.force_login(person)
    return browser


def imported(reader: Reader, *, confirmed: bool) -> ImportJob:
    """An import of `FILE`: to its preview, or all the way to a saved list."""
    file = io.BytesIO(FILE.encode())
    job = imports.start_upload(reader=reader, filename="mine.csv", file=file)
    import_worker.run_import(job_id=job.pk, task_id="read")
    if confirmed:
        assert imports.confirm(job=job)
        import_worker.run_import(job_id=job.pk, task_id="write")
    job.refresh_from_db()
    return job


def _of_the_owner(reader: Reader, sea: list[Book], moor: list[Book]) -> dict[str, str]:
    """Two imports and lists, a library with all kinds of entries, searches and dismissals."""
    assert reader.user is not None
    done = imported(reader, confirmed=True)
    assert done.run is not None, done.error_message
    waiting = imported(reader, confirmed=False)
    row = waiting.items.get(state="unmatched")
    ImportItemFactory.create(
        job=waiting,
        position=90,
        source_key="undecided",
        state="ambiguous",
        candidates=[sea[5].pk, moor[5].pk],
    )
    other_run = runs.recommend(reader=reader)
    saved_lists.share(run=done.run)
    saved_lists.renew_feed(reader=reader)
    done.run.refresh_from_db()
    group = groups.begin(reader=reader, name="Zed")
    lost = LibraryEntryFactory.create(
        reader=reader,
        book=None,
        source_key="letters",  # no number of `FILE`
        title=f"The {PRIVATE} letters",
        suggested_book=moor[6],
    )
    removed = RemovedEntry.objects.create(
        reader=reader, source="site", source_key="gone", title=f"The {PRIVATE} notes"
    )
    found = ProposalFactory.create(
        reader=reader, title=f"{PRIVATE} at sea", state="choosing", works=[asdict(KLARA)]
    )
    ProposalFactory.create(reader=reader, state="nothing")
    ProposalFactory.create(reader=reader, entry=lost)
    dismissal = Dismissal.objects.create(reader=reader, book=sea[7])
    SourceShelf.objects.create(
        reader=reader, source="goodreads", account="1", shelf="read", pulled_at=done.created_at
    )
    EmailAddress.objects.create(
        user=reader.user, email=reader.user.email, primary=True, verified=True
    )
    return {
        "job_id": str(waiting.pk),
        "item_id": str(row.pk),
        "run_id": str(done.run.pk),
        "other_run_id": str(other_run.pk),
        "book_id": str(sea[0].pk),
        "series.book_id": str(sea[3].pk),
        "author_id": str(sea[0].authors.get().pk),
        "genre.slug": sea[0].genres.get().slug,
        "proposal_id": str(found.pk),
        "dismissal_id": str(dismissal.pk),
        "removed_id": str(removed.pk),
        "entry_id": str(lost.pk),
        "token": digests.unsubscribe_token(reader),
        "shared-list.token": str(done.run.share_token),
        "shared-picture.token": str(done.run.share_token),
        "group_id": str(group.pk),
        "group-join.token": str(group.invite_token),
        "lists-feed.token": str(reader.feed_token),
        "uidb36": "1",
        "provider_id": "sso",
        "pk": "1",  # of a passkey
        "key": "used",
        "app_label": "catalog",
        "url": "no/such/page",
    }


def _of_the_curator(user: User, sea: list[Book], moor: list[Book]) -> dict[str, str]:
    identifier = BookIdentifier.objects.create(book=sea[1], scheme="isbn13", value="9780593318171")
    act = merging.merge(book=moor[10], into=moor[11], reason="The same.", user=user)
    staged = StagedEdits.objects.create(user=user, filename="books.csv")
    proposal = Proposal.objects.create(
        curator=user, title="Klara", state="choosing", works=[asdict(KLARA)]
    )
    wanted = WantedBook.objects.create(key="title:klara", title="Klara", due_at=act.at)
    work = FoundWork.objects.create(
        key=KLARA.key, title=KLARA.title, author="Ishiguro", reason="popular", work=asdict(KLARA)
    )
    genre = sea[0].genres.get()
    return {
        "catalog_wantedbook": str(wanted.pk),
        "catalog_foundwork": str(work.pk),
        "catalog_book": str(sea[2].pk),
        "catalog_author": str(sea[2].authors.get().pk),
        "catalog_genre": str(genre.pk),
        "catalog_bookidentifier": str(identifier.pk),
        "catalog_curationact": str(act.pk),
        "recommender_proposal": str(proposal.pk),
        "admin:catalog_book_preview.key": str(staged.pk),
        "admin:catalog_book_apply.key": str(staged.pk),
        "admin:catalog_book_renew.key": str(staged.pk),
        "admin:view_on_site.object_id": str(sea[2].pk),
    }


def _of_the_operator(reader: Reader) -> dict[str, str]:
    """A row for each page of the admin that shows one."""
    user = reader.user
    assert user is not None
    every, _ = IntervalSchedule.objects.get_or_create(every=1, period="days")
    task, _ = PeriodicTask.objects.get_or_create(
        name="a task", defaults={"task": "readers.clear_sessions", "interval": every}
    )
    crontab = CrontabSchedule.objects.create()
    secret = Authenticator.objects.create(user=user, type="recovery_codes", data={})
    mail = QueuedMail.objects.create(message={"to": [user.email]})
    content_type = ContentType.objects.get_for_model(Book)
    LogEntry.objects.create(
        user=user, content_type=content_type, object_id="1", action_flag=ADDITION
    )
    job = ImportJobFactory.create(reader=ReaderFactory.create())
    item = ImportItemFactory.create(job=job)
    rows = {
        "accounts_user": user,
        "account_emailaddress": EmailAddress.objects.get(user=user),
        "auth_group": Group.objects.get(name=CURATOR),
        "django_celery_beat_periodictask": task,
        "django_celery_beat_intervalschedule": every,
        "django_celery_beat_crontabschedule": crontab,
        "mfa_authenticator": secret,
        "mail_queuedmail": mail,
        "recommender_reader": reader,
        "recommender_libraryentry": LibraryEntry.objects.filter(reader=reader).first(),
        "recommender_importjob": job,
        "recommender_importitem": item,
        "recommender_run": Run.objects.filter(reader=reader).first(),
        "recommender_modelrelease": Run.objects.filter(reader=reader)[0].release,
        "content_type_id": content_type,
    }
    return {name: str(row.pk) for name, row in rows.items() if row is not None}
