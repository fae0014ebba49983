"""Tries what a site needs, part by part, and says in a sentence what is wrong and what to do."""

import os
import re
import shutil
import smtplib
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

import redis
from django.conf import settings
from django.core import checks
from django.core.mail import get_connection
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from catalog.models import Book
from catalog.openlibrary.client import Busy, OpenLibraryError
from catalog.openlibrary.client import SwitchedOff as OpenLibraryOff
from catalog.services.enrichment import open_library
from recommender.engine.manifest import ReleaseError
from recommender.engine.release import list_versions, read_latest
from recommender.engine.store import StoreError
from recommender.selectors import current_model
from recommender.selectors.goodreads import uses_stand_in
from recommender.services.staging import fetcher
from recommender.sources.base import (
    BotFilter,
    PrivateOrNotFound,
    SourceError,
    SourceUnavailable,
    SwitchedOff,
)
from recommender.sources.goodreads_feed import GoodreadsFeed
from recsite.common import valkey
from recsite.health import NotReady
from recsite.local.preflight import check_java
from recsite.local.process import LocalError

#: What Django needs at least; the tests run on 18.
OLDEST_POSTGRES, TESTED_POSTGRES = 14, 18
#: A release and its copy, twice over.
LEAST_FREE_BYTES = 2 << 30
#: Goodreads' first account, whose shelf is asked for; whether it may be read does not matter.
FIRST_ACCOUNT = 1
PROBE = "doctor.txt"


class Verdict(StrEnum):
    """What became of a part."""

    WELL = "ok"
    OFF = "off"
    WRONG = "wrong"


class Wrong(Exception):
    """A part does not work; the message says why and what to do."""


class Off(Exception):
    """A part is not used on this site, or was not tried; the message says why."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one part."""

    part: str
    verdict: Verdict
    sentence: str


def examine() -> list[Finding]:
    """Try all parts, in the order in which they need each other."""
    found: list[Finding] = []
    for part, check in PARTS.items():
        has_failed = {one.part for one in found if one.verdict is Verdict.WRONG}
        if missing := has_failed & NEEDS.get(part, set()):
            sentence = f"Not tried, because of the {missing.pop()}."
            found.append(Finding(part, Verdict.OFF, sentence))
            continue
        found.append(_finding(part, check))
    return found


def _finding(part: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(part, Verdict.WELL, check())
    except Off as off:
        return Finding(part, Verdict.OFF, str(off))
    except Wrong as wrong:
        return Finding(part, Verdict.WRONG, str(wrong))


def check_settings() -> str:
    found = checks.run_checks(include_deployment_checks=settings.HTTPS)
    serious = [one for one in found if one.level >= checks.WARNING and not one.is_silenced()]
    if serious:
        raise Wrong(" ".join(f"{one.msg} {one.hint or ''}".strip() for one in serious))
    kind = "a site behind HTTPS" if settings.HTTPS else "a site without HTTPS"
    return f"They fit together, for {kind}."


def check_folders() -> str:
    for name, folder in (
        ("BOOKFOLD_HOME", settings.BOOKFOLD_HOME),
        ("RELEASE_CACHE", settings.RELEASE_CACHE),
    ):
        there = _nearest(Path(folder))
        if not os.access(there, os.W_OK):
            raise Wrong(f"{name} is {folder}, where this account may not write.")
        if (free := shutil.disk_usage(there).free) < LEAST_FREE_BYTES:
            raise Wrong(f"Only {free >> 20} MB are free in {name} ({folder}); make room.")
    if not (Path(settings.STATIC_ROOT) / "staticfiles.json").is_file():
        raise Wrong(
            f"{settings.STATIC_ROOT} has no styles and scripts, and no page opens without them: "
            "run `python manage.py collectstatic`."
        )
    return f"{settings.BOOKFOLD_HOME} can be written, and the styles and scripts are collected."


def check_database() -> str:
    where = f"{connection.settings_dict['HOST']}:{connection.settings_dict['PORT']}"
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_is_in_recovery()")
            is_copy = cursor.fetchone()[0]
        version = connection.pg_version // 10_000  # type: ignore[attr-defined]  # PostgreSQL's own
        if version < OLDEST_POSTGRES:
            raise Wrong(f"PostgreSQL at {where} is version {version}: take {TESTED_POSTGRES}.")
        if is_copy:
            raise Wrong(f"PostgreSQL at {where} is a standby, which takes no writes.")
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        raise Wrong(f"PostgreSQL at {where} can't be used: {_reason(error)}") from error
    if missing:
        raise Wrong(f"{len(missing)} migrations are missing: run `python manage.py migrate`.")
    tested = "" if version == TESTED_POSTGRES else f" (the tests run on {TESTED_POSTGRES})"
    return f"PostgreSQL {version}{tested} at {where} answers and has all migrations."


def check_broker() -> str:
    where = _place(settings.REDIS_URL)
    try:
        with valkey.connect(settings.REDIS_URL) as client:
            memory, replication = client.info("memory"), client.info("replication")
    except redis.AuthenticationError as error:
        raise Wrong(f"Valkey at {where} refuses the password of REDIS_URL.") from error
    except redis.RedisError as error:
        reason = str(error).rstrip(".").rpartition(". ")[2]
        raise Wrong(
            f"Valkey at {where} does not answer: {reason}. Check that it runs, and REDIS_URL."
        ) from error
    if replication.get("role") == "slave":
        raise Wrong(f"Valkey at {where} is a replica, which takes no writes.")
    policy = memory.get("maxmemory_policy", "noeviction")
    if memory.get("maxmemory") and policy != "noeviction":
        raise Wrong(
            f"Valkey at {where} drops keys when its memory is full, and queued tasks are among "
            f"them: set maxmemory-policy from {policy} to noeviction."
        )
    return f"Valkey at {where} answers."


def check_store() -> str:
    where = settings.RELEASE_STORE
    try:
        store = current_model.release_store()
        latest = read_latest(store)
        versions = list_versions(store)
        if latest is None:
            raise Wrong(
                f"{where} holds no release that is in use: build one with `python -m spark.build "
                f"--store {where}`."
            )
        store.put(PROBE, b"Written by manage.py doctor.\n")
        store.delete(PROBE)
    except (StoreError, ReleaseError) as error:
        raise Wrong(f"{error} {_hint(error.__cause__ or error, STORE_HINTS)}.") from error
    releases = "one release" if len(versions) == 1 else f"{len(versions)} releases"
    return f"{where} can be read and written; it has {releases}."


def check_model() -> str:
    try:
        answer = current_model.check()
    except NotReady as error:
        raise Wrong(f"{error}; /health/ready and the log of the web processes say why.") from error
    if answer != "ok":
        raise Wrong(f"An older release is in use. {answer.partition('ok, but ')[2].capitalize()}")
    return f"Release {current_model.current_model().release.version} opens and passes its probes."


def check_catalog() -> str:
    count = Book.objects.standing().count()
    if not count:
        raise Wrong("It has no books: run `python manage.py load_goodbooks FOLDER`.")
    return f"{count:,} books."


def check_mail() -> str:
    host, port = settings.EMAIL_HOST, settings.EMAIL_PORT
    if not host:
        raise Off(f"EMAIL_HOST is not set: email becomes files in {settings.EMAIL_FILE_PATH}.")
    mail = get_connection(settings.MAIL_TRANSPORT, timeout=10)
    try:
        mail.open()
        mail.close()
    except smtplib.SMTPAuthenticationError as error:
        raise Wrong(
            f"{host}:{port} refuses the user name or the password. Check EMAIL_HOST_USER and "
            "EMAIL_HOST_PASSWORD."
        ) from error
    except smtplib.SMTPNotSupportedError as error:
        raise Wrong(
            f"{host}:{port} can't do what is asked of it: {error} For TLS from the first byte set "
            "EMAIL_USE_SSL=true; a server without TLS needs EMAIL_USE_TLS=false."
        ) from error
    except smtplib.SMTPServerDisconnected as error:
        raise Wrong(
            f"{host}:{port} ends the connection, or says nothing. If its port expects TLS from the "
            "first byte, set EMAIL_USE_SSL=true."
        ) from error
    except ssl.SSLCertVerificationError as error:
        raise Wrong(f"{host}:{port} has no good certificate: {error.verify_message}.") from error
    except (OSError, smtplib.SMTPException) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise Wrong(
            f"{host}:{port} does not answer as a mail server: {reason}. Check EMAIL_HOST and "
            "EMAIL_PORT."
        ) from error
    return f"{host}:{port} answers and would take email."


def check_spark() -> str:
    if find_spec("pyspark") is None:
        raise Off("Spark is not installed here: releases come from elsewhere.")
    try:
        check_java()
    except LocalError as error:
        raise Wrong(str(error)) from error
    return "Spark has a Java to run on."


def check_goodreads() -> str:
    try:
        feed = GoodreadsFeed(fetcher(attempts=1), user_id=FIRST_ACCOUNT, shelf="read", max_pages=1)
        next(feed.pages(), None)
    except SwitchedOff as error:
        raise Off("CONTACT_EMAIL is not set: readers upload their export file.") from error
    except PrivateOrNotFound:
        pass  # it has answered
    except BotFilter as error:
        raise Wrong(
            "Goodreads' firewall turns this site away, as it does most programs. Imports by "
            "profile fail and lead to the export file; another address or USER_AGENT may help."
        ) from error
    except SourceUnavailable as error:
        raise Wrong(
            f"{settings.GOODREADS_BASE_URL} gives no answer. Check that this host may open "
            "connections to it; readers can upload their export file meanwhile."
        ) from error
    except SourceError as error:
        raise Wrong(
            f"{settings.GOODREADS_BASE_URL} does not answer as Goodreads: {error}"
        ) from error
    name = "The stand-in for Goodreads" if uses_stand_in() else "Goodreads"
    return f"{name} answers."


def check_open_library() -> str:
    try:
        open_library().by_title(title="Middlemarch", author="George Eliot")
    except OpenLibraryOff as error:
        raise Off("CONTACT_EMAIL is not set: no details of books are asked for.") from error
    except Busy as error:
        if str(error) == f"status {HTTPStatus.FORBIDDEN.value}":
            raise Wrong(
                "Open Library turns this site away (403): set another USER_AGENT, and a "
                "CONTACT_EMAIL that reaches you."
            ) from error
        raise Wrong(f"Open Library is not to be asked for now: {error}.") from error
    except OpenLibraryError as error:
        raise Wrong(
            f"{settings.OPENLIBRARY_BASE_URL} gives no good answer: {error}. Check that this host "
            "may open connections to it; details of books wait meanwhile."
        ) from error
    return f"{_place(settings.OPENLIBRARY_BASE_URL)} answers."


#: What tries each part: it returns a sentence, or raises `Wrong` or `Off` with one.
PARTS: Mapping[str, Callable[[], str]] = {
    "settings": check_settings,
    "folders": check_folders,
    "database": check_database,
    "catalog": check_catalog,
    "broker": check_broker,
    "store": check_store,
    "model": check_model,
    "mail": check_mail,
    "Spark": check_spark,
    "Goodreads": check_goodreads,
    "Open Library": check_open_library,
}
NEEDS: Mapping[str, set[str]] = {
    "catalog": {"database"},
    "model": {"store"},
    "Goodreads": {"broker"},
    "Open Library": {"broker"},
}


def _nearest(folder: Path) -> Path:
    """The folder, or the one in which it would be made."""
    return next(one for one in (folder, *folder.parents) if one.exists())


def _place(url: str) -> str:
    """Host and port of an address, without its password."""
    parts = urlsplit(url)
    return parts.netloc.rpartition("@")[2] or parts.path


def _reason(error: DatabaseError) -> str:
    """What PostgreSQL says, from the end of its first line, and what to do."""
    words = str(error).strip().splitlines()[0].rpartition("failed: ")[2]
    words = ERRNO.sub("", words.removeprefix("FATAL:").strip().rstrip("."))
    return f"{words}. {_hint(words, DATABASE_HINTS)}."


def _hint(said: object, hints: Mapping[str, str]) -> str:
    """What to do, by what was said; the last hint is for everything else."""
    words = str(said)
    return next(hint for part, hint in hints.items() if part in words)


ERRNO = re.compile(r"\[Errno -?\d+\] ")
DATABASE_HINTS = {
    "password authentication": "Check user and password of DATABASE_URL",
    "does not exist": "Create it, or check DATABASE_URL",
    "refused": "Check that it runs, and the port of DATABASE_URL",
    "resolve": "Check the host of DATABASE_URL",
    "timeout": "Check the host of DATABASE_URL, and the firewall between",
    "SSL": "Check sslmode in DATABASE_URL",
    "": "Check DATABASE_URL",
}
#: By what boto3 says.
STORE_HINTS = {
    "NoSuchBucket": "Make the bucket, or check RELEASE_STORE",
    "credentials": "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    "InvalidAccessKeyId": "Check AWS_ACCESS_KEY_ID",
    "SignatureDoesNotMatch": "Check AWS_SECRET_ACCESS_KEY",
    "AccessDenied": "Check that the keys may read, write, list and delete",
    "endpoint URL": "Check that it runs, and S3_ENDPOINT_URL",
    "": "Check RELEASE_STORE",
}
