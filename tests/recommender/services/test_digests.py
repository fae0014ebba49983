"""Email with new books: to whom, when, once, and the one click that ends it."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client
from django.utils import timezone

from recommender.models import Digest, Dismissal, Reader
from recommender.services import digests, dismissals
from recsite.accounts.models import User
from tests.factories import (
    BookFactory,
    LibraryEntryFactory,
    ReaderFactory,
    RunFactory,
)
from tests.pages import client_of
from tests.smtp import MailServer, mail_server

pytestmark = pytest.mark.django_db


@pytest.fixture
def mail(settings: Any) -> Iterator[MailServer]:
    with mail_server() as server:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_USE_TLS = False
        settings.SITE_URL = "https://books.example"
        yield server


def subscriber(*, pace: str = "weekly", verified: bool = True) -> Reader:
    reader = ReaderFactory.create(digest_pace=pace)
    assert isinstance(reader.user, User)
    EmailAddress.objects.create(
        user=reader.user, email=reader.user.email, verified=verified, primary=True
    )
    return reader


def books(count: int = 3) -> list[Any]:
    return [BookFactory.create() for _ in range(count)]


def body_of(mail: MailServer, kind: str = "text/plain") -> str:
    parts = {part.get_content_type(): part for part in mail.messages[-1].walk()}
    payload = parts[kind].get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode()


def test_new_books_are_written_of_once(mail: MailServer) -> None:
    reader = subscriber()
    run = RunFactory.create(reader=reader, books=books())

    digest = digests.send(reader_id=reader.pk)

    assert digest is not None
    assert (digest.run, len(digest.books)) == (run, 3)
    assert digests.send(reader_id=reader.pk) is None
    (message,) = mail.messages
    assert reader.user
    assert message["To"] == reader.user.email
    assert message["Subject"] == "3 new books for you"
    for kind in ("text/plain", "text/html"):
        text = body_of(mail, kind)
        for place in run.recommendations.all():
            assert place.book.title in text
            assert f"https://books.example/books/{place.book_id}/" in text
        assert "You would give it about 4.3 stars" in text
        assert "A Wizard of Earthsea" in text or "Because you liked" not in text
        assert "<img" not in text


@pytest.mark.parametrize(
    "reader_is",
    [
        {"pace": "off"},
        {"verified": False},
    ],
)
def test_nobody_is_written_to_unasked(mail: MailServer, reader_is: dict[str, Any]) -> None:
    reader = subscriber(**reader_is)
    RunFactory.create(reader=reader, books=books())
    assert digests.queue_due() == 0
    assert digests.send(reader_id=reader.pk) is None
    assert mail.messages == []


def test_without_the_sites_address_nobody_is_due(mail: MailServer, settings: Any) -> None:
    RunFactory.create(reader=subscriber(), books=books())
    assert digests.queue_due() == 1
    settings.SITE_URL = ""
    assert digests.queue_due() == 0


def test_the_pace_is_kept_and_only_what_is_new_is_named(mail: MailServer) -> None:
    reader = subscriber()
    old = books()
    RunFactory.create(reader=reader, books=old)
    digests.send(reader_id=reader.pk)
    new = books()
    RunFactory.create(reader=reader, books=[*old, *new])

    assert digests.send(reader_id=reader.pk, now=timezone.now() + timedelta(days=6)) is None
    later = timezone.now() + timedelta(days=8)
    digest = digests.send(reader_id=reader.pk, now=later)

    assert digest is not None
    assert digest.books == [book.pk for book in new]


def test_two_new_books_are_not_enough_and_are_looked_at_once(mail: MailServer) -> None:
    reader = subscriber()
    chosen = books(4)
    RunFactory.create(reader=reader, books=chosen)
    LibraryEntryFactory.create(reader=reader, book=chosen[0])
    dismissals.dismiss(reader=reader, target=chosen[1])

    assert digests.send(reader_id=reader.pk) is None
    assert digests.queue_due() == 0
    assert mail.messages == []
    assert Digest.objects.get().books == []


def test_one_click_ends_it_and_a_scanner_that_follows_links_does_not(mail: MailServer) -> None:
    reader = subscriber()
    RunFactory.create(reader=reader, books=books())
    digests.send(reader_id=reader.pk)
    header = "".join(str(mail.messages[0]["List-Unsubscribe"]).split())  # it may be folded
    found = re.fullmatch(r"<https://books\.example(/digest/stop/.+/)>", header)
    assert found
    assert mail.messages[0]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    stranger = Client(enforce_csrf_checks=True)

    assert "Stop it" in stranger.get(found[1]).content.decode()
    reader.refresh_from_db()
    assert reader.digest_pace == "weekly"

    for _ in range(2):
        answer = stranger.post(found[1], {"List-Unsubscribe": "One-Click"})
        assert "No more email" in answer.content.decode()
    reader.refresh_from_db()
    assert reader.digest_pace == "off"


def test_a_forged_link_is_not_there(client: Client) -> None:
    reader = subscriber()
    token = digests.unsubscribe_token(reader)
    for forged in (token[:-2] + "xx", f"{reader.pk}"):
        assert client.get(f"/digest/stop/{forged}/").status_code == 404
        assert client.post(f"/digest/stop/{forged}/").status_code == 404
    reader.refresh_from_db()
    assert reader.digest_pace == "weekly"


def test_the_choice_is_made_on_the_accounts_page(mail: MailServer) -> None:
    reader = subscriber(pace="off")
    client = client_of(reader)
    assert "Once a month at most" in client.get("/account/").content.decode()

    client.post("/account/digest", {"digest_pace": "monthly"})
    reader.refresh_from_db()
    assert reader.digest_pace == "monthly"

    page = client.post("/account/digest", {"digest_pace": "hourly"}, follow=True)
    assert "Choose how often" in page.content.decode()
    reader.refresh_from_db()
    assert reader.digest_pace == "monthly"


def test_an_address_that_is_not_confirmed_is_not_offered_it(mail: MailServer) -> None:
    page = client_of(subscriber(verified=False)).get("/account/").content.decode()
    assert "Confirm your address first" in page
    assert "Once a month at most" not in page


def test_guests_and_nobody_have_no_choice_to_make(client: Client) -> None:
    assert client.post("/account/digest", {"digest_pace": "weekly"}).status_code == 404
    guest = client_of(ReaderFactory.create(user=None))
    assert guest.post("/account/digest", {"digest_pace": "weekly"}).status_code == 404


def test_what_was_postponed_comes_back_after_some_months() -> None:
    reader = ReaderFactory.create()
    soon, later, never = books()
    for book, reason in ((soon, "not_now"), (later, "not_now"), (never, "not_for_me")):
        dismissals.dismiss(reader=reader, target=book, reason=reason)
    old = timezone.now() - timedelta(days=91)
    Dismissal.objects.filter(book__in=[soon, never]).update(created_at=old)
    assert "offered again from" in client_of(reader).get("/dismissed/").content.decode()

    assert dismissals.readmit_postponed() == 1
    assert dismissals.readmit_postponed() == 0

    standing = Dismissal.objects.standing().values_list("book", flat=True)
    assert set(standing) == {later.pk, never.pk}
    dismissals.dismiss(reader=reader, target=soon, reason="not_now")
    assert Dismissal.objects.standing().count() == 3
