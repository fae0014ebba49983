"""E-mail is stored by pages and delivered by a worker, to a real mail server over a socket."""

import socket
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.mail import EmailMessage, EmailMultiAlternatives, send_mail
from django.db import transaction
from django.test import Client
from django.utils import timezone

from recsite.accounts.models import User
from recsite.mail import outbox
from recsite.mail.models import QueuedMail
from tests.factories import ReaderFactory
from tests.pages import client_of
from tests.smtp import MailServer, mail_server

pytestmark = pytest.mark.django_db

PASSWORD = "a long password of mine"


@pytest.fixture(autouse=True)
def queued(settings: Any) -> None:
    settings.EMAIL_BACKEND = "recsite.mail.backend.QueueBackend"
    settings.MAIL_TRANSPORT = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_USE_TLS = "127.0.0.1", False


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    with mail_server() as server:
        settings.EMAIL_PORT = server.port
        yield server


@pytest.fixture
def silent_server(settings: Any) -> Iterator[None]:
    """A mail server that takes connections, and never says a word."""
    settings.EMAIL_TIMEOUT = 0.2
    with socket.create_server(("127.0.0.1", 0)) as server:
        settings.EMAIL_PORT = server.getsockname()[1]
        yield


def queue() -> QueuedMail:
    send_mail("Hello", "A letter.", "site@books.example", ["ada@books.example"])
    return QueuedMail.objects.latest("pk")


def test_what_is_delivered_is_what_was_written(server: MailServer) -> None:
    message = EmailMultiAlternatives(
        subject="Zwölf neue Bücher",
        body="Grüße",
        from_email="Bookfold <site@books.example>",
        to=["ada@books.example", "ben@books.example"],
        cc=["cyd@books.example"],
        bcc=["dan@books.example"],
        reply_to=["desk@books.example"],
        headers={"List-Unsubscribe": "<https://books.example/stop>"},
    )
    message.attach_alternative("<p>Grüße</p>", "text/html")
    message.send()

    assert outbox.deliver(mail_id=QueuedMail.objects.get().pk) is True
    (sent,) = server.messages
    expected = message.message()
    for header in ("Subject", "From", "To", "Cc", "Reply-To", "List-Unsubscribe"):
        assert sent[header] == expected[header]
    assert "Bcc" not in sent
    texts = {part.get_content_type(): part.get_payload(decode=True) for part in sent.walk()}
    assert texts["text/plain"] == "Grüße".encode()
    assert texts["text/html"] == "<p>Grüße</p>".encode()
    assert not QueuedMail.objects.exists()


def test_it_is_delivered_once(server: MailServer) -> None:
    mail = queue()
    assert [outbox.deliver(mail_id=mail.pk) for _ in range(2)] == [True, False]
    assert len(server.messages) == 1


def test_nothing_is_sent_for_what_was_rolled_back() -> None:
    with transaction.atomic():
        queue()
        transaction.set_rollback(True)
    assert not QueuedMail.objects.exists()


def test_a_server_that_refuses_is_tried_again_after_growing_pauses(server: MailServer) -> None:
    mail, now = queue(), timezone.now()
    server.refuses = True
    pauses = []
    for _ in range(8):
        assert outbox.deliver(mail_id=mail.pk, now=now) is False
        mail.refresh_from_db()
        pauses.append((mail.next_try_at - now).total_seconds() / 60)
        assert outbox.deliver(mail_id=mail.pk, now=now) is False  # too early
        now = mail.next_try_at
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60]
    assert "451" in mail.error

    server.refuses = False
    assert outbox.queue_due(now=now) == 1
    assert outbox.deliver(mail_id=mail.pk, now=now) is True


def test_it_is_given_up_after_a_day(server: MailServer) -> None:
    mail = queue()
    server.refuses = True
    outbox.deliver(mail_id=mail.pk, now=timezone.now() + timedelta(days=1, minutes=1))
    assert not QueuedMail.objects.exists()


@pytest.mark.usefixtures("silent_server")
def test_a_silent_server_is_given_up_soon() -> None:
    mail = queue()
    assert outbox.deliver(mail_id=mail.pk) is False
    mail.refresh_from_db()
    assert "Timeout" in mail.error or "timed out" in mail.error


def test_without_a_server_it_is_a_file_for_the_operator_alone(
    settings: Any, tmp_path: Path
) -> None:
    settings.MAIL_TRANSPORT = "recsite.mail.backend.PrivateFileBackend"
    settings.EMAIL_FILE_PATH = tmp_path / "home" / "mail"
    assert outbox.deliver(mail_id=queue().pk) is True
    (file,) = settings.EMAIL_FILE_PATH.iterdir()
    assert "A letter." in file.read_text()
    assert settings.EMAIL_FILE_PATH.stat().st_mode & 0o077 == 0


def test_attachments_are_refused() -> None:
    message = EmailMessage("Hello", "A letter.", "site@books.example", ["ada@books.example"])
    message.attach("list.csv", "a,b", "text/csv")
    with pytest.raises(ValueError, match="attachments"):
        message.send()


@pytest.mark.usefixtures("silent_server")
class TestPages:
    """No page asks the mail server."""

    def test_an_account_is_made_while_the_server_is_silent(self, client: Client) -> None:
        answer = client.post(
            "/accounts/signup/",
            {"email": "ada@books.example", "password1": PASSWORD, "password2": PASSWORD},
        )
        assert answer.status_code == 302
        assert User.objects.get().email == "ada@books.example"
        assert QueuedMail.objects.get().message["to"] == ["ada@books.example"]

    def test_a_reset_link_is_queued(self, client: Client) -> None:
        reader = ReaderFactory.create()
        assert reader.user is not None
        answer = client.post("/accounts/password/reset/", {"email": reader.user.email})
        assert answer.status_code == 302
        assert "/accounts/password/reset/key/" in QueuedMail.objects.get().message["body"]

    def test_who_leaves_gets_no_e_mail_that_still_waits(self, client: Client) -> None:
        reader = ReaderFactory.create()
        assert reader.user is not None
        reader.user.set_password(PASSWORD)
        reader.user.save()
        client.post("/accounts/password/reset/", {"email": reader.user.email})
        kept = queue()
        client_of(reader).post("/account/delete/", {"password": PASSWORD})
        assert list(QueuedMail.objects.all()) == [kept]
