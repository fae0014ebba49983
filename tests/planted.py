"""Looks whether what must stay secret was written anywhere while the tests ran.

The tests use passwords, keys and addresses that occur nowhere else. At the end of a run everything
that its services and processes have written is searched for them: logs, files, what Valkey keeps.
The database itself is left out, as it is where addresses belong; passwords are hashed there.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

#: Of readers whose accounts the tests make.
PASSWORD = "seven-green-lanterns"
SECRET_KEY = "only-for-tests-" + "x" * 40
#: Where PostgreSQL keeps its data, email for readers is written, and browsers have profiles.
LEFT_OUT = {"data", "mail", "static", "cache", "store", "tmp"}
MOST_BYTES = 50 << 20
LINK = rb"(?:/accounts/password/reset/key/|/accounts/confirm-email/|/digest/stop/)[\w:%-]{12,}"
ADDRESS = rb"\b[\w.+-]+@(?:books\.)?example(?:\.org)?\b"


def secrets() -> dict[str, re.Pattern[bytes]]:
    """What is looked for, by a name that may be printed."""
    texts = {"SECRET_KEY": SECRET_KEY, "a reader's password": PASSWORD}
    for name in ("DATABASE_URL", "REDIS_URL"):
        texts[f"the password of {name}"] = urlsplit(os.environ[name]).password or ""
    patterns = {name: re.compile(re.escape(text.encode())) for name, text in texts.items() if text}
    return patterns | {"a link of an email": re.compile(LINK), "an address": re.compile(ADDRESS)}


def found_in(folder: Path, looked_for: dict[str, re.Pattern[bytes]]) -> Iterator[str]:
    """A line for each secret in each file."""
    for path in sorted(folder.rglob("*")):
        inner = path.relative_to(folder)
        if LEFT_OUT.intersection(inner.parts) or not path.is_file() or path.is_symlink():
            continue
        with path.open("rb") as file:
            content = file.read(MOST_BYTES)
        for name, pattern in looked_for.items():
            if hit := pattern.search(content):
                around = content[max(0, hit.start() - 80) : hit.start()].decode("utf-8", "replace")
                yield f"{name} stands in {inner}, after …{around}"
