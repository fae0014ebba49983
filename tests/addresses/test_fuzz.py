"""Whatever is sent to an address, nothing of ours breaks.

`FUZZ=10000` sends so many requests, drawn from a seed of their own; `FUZZ_SEED` names another.
"""

import os
from collections import Counter
from urllib.parse import quote_from_bytes

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.addresses.crawl import crawl
from tests.addresses.table import Address, addresses
from tests.addresses.world import ACTORS, World, tell

pytestmark = pytest.mark.xdist_group("addresses")

REQUESTS = int(os.environ.get("FUZZ", "300"))
SEED = int(os.environ.get("FUZZ_SEED", "20261126"))
FORM = "application/x-www-form-urlencoded"
#: Parameters that no link or form on a page has shown, but that views read.
ALSO = ("q", "page", "next", "state", "book", "work", "a", "b", "seen", "p", "o", "all", "_popup")

#: Texts as attackers, other programs and broken ones send them.
ODD = st.sampled_from(
    [
        b"",
        b"0",
        b"-1",
        b"1e999",
        b"NaN",
        b"9" * 30,
        b"9" * 5000,
        b"2147483648",
        b"9223372036854775808",
        b"1\x00",
        b"\x00",
        b"\xff\xfe",
        b"\xed\xa0\x80",  # a lone surrogate
        "㍿".encode() * 200,  # grows by folding
        "\u202e\u0000\ufeff".encode(),
        "٣".encode(),  # a digit, but not to PostgreSQL
        b"0001-01-01",
        b"9999-12-31",
        b"30/02/2026",
        b"' OR 1=1 --",
        b"<script>alert(1)</script>",
        b"{{ 7*7 }}",
        b"../../etc/passwd",
        b"//evil.example/",
        b"http://evil.example:port/",
        b"javascript:alert(1)",
        b"/library/\r\nSet-Cookie: a=b",
        b"00000000-0000-0000-0000-000000000000",
        b"book:1",
        b"author:99999999999",
        b"{}",
        b"[]",
        b"a" * 20_000,
        b"%",
        b"\\",
        b"_",
    ]
)
VALUES = (
    ODD
    | st.binary(max_size=40)
    | st.text(max_size=40).map(lambda text: text.encode("utf-8", "surrogatepass"))
)


def encoded(pairs: list[tuple[str, bytes]]) -> str:
    return "&".join(f"{quote_from_bytes(n.encode())}={quote_from_bytes(v)}" for n, v in pairs)


@pytest.fixture(scope="package")
def fields(world: World) -> dict[str, list[str]]:
    """The names of the fields that each address is sent by pages of ours."""
    known: dict[str, set[str]] = {}
    for actor in ("owner", "curator"):
        for route, names in crawl(world, actor).fields.items():
            known.setdefault(route, set()).update(names)
    return {route: sorted({*names, *ALSO}) for route, names in known.items()}


def test_nothing_that_is_sent_breaks_anything(world: World, fields: dict[str, list[str]]) -> None:
    table, counts, broken = addresses(), Counter[int](), dict[str, str]()

    @seed(SEED)
    @settings(
        max_examples=REQUESTS,
        phases=[Phase.generate],
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def send(data: st.DataObject) -> None:
        address: Address = data.draw(st.sampled_from(table))
        actor = data.draw(st.sampled_from(ACTORS))
        names = st.sampled_from(fields.get(address.pattern, list(ALSO)))
        pairs = encoded(data.draw(st.lists(st.tuples(names, VALUES), max_size=5)))
        path = address.filled(world.parts)
        if data.draw(st.integers(0, 9)) == 0:
            path = f"/{quote_from_bytes(data.draw(VALUES))}{path}"
        kind = data.draw(st.sampled_from(["query", "form", "form", "htmx"]))
        headers = {"HX-Request": "true"} if kind == "htmx" else {}
        sent = {"data": pairs, "content_type": FORM} if kind == "form" else {}
        method, query = ("POST", "") if kind == "form" else ("GET", f"?{pairs}")
        with world.ask(actor, method, path + query, headers=headers, **sent) as answer:
            counts[answer.status_code] += 1
            if answer.status_code >= 500:
                error = getattr(answer, "exc_info", ("", ""))[1]
                where = f"{method} {address.name}: {error!r}"[:300]
                broken.setdefault(where, f"as {actor}: {path + query} {sent}"[:500])

    send()
    told = ", ".join(f"{number} of {status}" for status, number in sorted(counts.items()))
    tell(f"seed {SEED}: {sum(counts.values())} requests, {told}")
    assert broken == {}
    assert sum(counts.values()) >= REQUESTS


@pytest.mark.parametrize("path", ["/start", "/admin/catalog/book/import"])
def test_a_form_without_its_file_is_answered(world: World, path: str) -> None:
    for body in (
        b"",
        b"--x\r\n",
        b"--x--\r\n",
        b'--x\r\nContent-Disposition: form-data; name="export"',
    ):
        sent = {"data": body, "content_type": "multipart/form-data; boundary=x"}
        with world.ask("superuser", "POST", path, **sent) as answer:
            assert answer.status_code in (200, 302, 400, 422), body
