"""Follows everything that pages lead to, as a visitor with much time."""

import os
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import urlencode

from django.db import transaction
from django.http import HttpResponse
from django.urls import Resolver404, resolve

from recommender.services import readers
from recsite.accounts.models import User
from tests.addresses.links import Links, Step
from tests.addresses.world import World

IS_LONG = "FUZZ" in os.environ
#: Of links that differ only in the row they are about, so many are followed.
ALIKE = 2 if IS_LONG else 1
#: Filters of a list can be combined without end: so many combinations are tried.
COMBINATIONS = 12 if IS_LONG else 4
START = (Step("GET", "/"), Step("GET", "/admin/"))


@dataclass
class Crawl:
    """What one visitor came upon."""

    asked: Counter[str] = field(default_factory=Counter)
    links: int = 0
    files: set[str] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)
    #: The fields that forms on the way send, by the address's pattern.
    fields: dict[str, set[str]] = field(default_factory=dict)

    @property
    def counts(self) -> str:
        asked = ", ".join(f"{number} {method}" for method, number in sorted(self.asked.items()))
        return f"{self.links} links and forms of {len(self.fields)} addresses, {asked}"


def crawl(world: World, actor: str) -> Crawl:
    """What a visitor comes upon, found out once."""
    if actor not in world.crawls:
        with transaction.atomic():
            person = world.people[actor]
            if isinstance(person, User):  # as the account page does, whose effects are undone
                readers.open_library(user=person)
            world.crawls[actor] = _crawl(world, actor)
            transaction.set_rollback(True)
    crawled: Crawl = world.crawls[actor]
    return crawled


def _crawl(world: World, actor: str) -> Crawl:
    """Follow links, send forms as they stand, and ask what htmx would; undo each step's effects."""
    found, seen = Crawl(), Counter[object]()
    ahead = deque((step, "") for step in START)
    while ahead:
        step, origin = ahead.popleft()
        route = _route_of(step)
        if route is None:
            found.wrong.append(f"{step.address} on {origin} is no address of the site")
            continue
        found.fields.setdefault(route, set()).update(step.names)
        shape = (step.method, route, step.by_htmx, step.names)
        seen[route] += shape not in seen
        seen[shape] += 1
        if seen[shape] > ALIKE or seen[route] > COMBINATIONS:
            continue
        for link in _follow(world, actor, step, origin, found):
            ahead.append((link, step.address))
    return found


def _route_of(step: Step) -> str | None:
    try:
        return resolve(step.path).route
    except Resolver404:
        return None


def _follow(world: World, actor: str, step: Step, origin: str, found: Crawl) -> list[Step]:
    """The steps on the page that one leads to, whose redirects are followed, too."""
    sent: dict[str, Any] = {"headers": {"HX-Request": "true"}} if step.by_htmx else {}
    if step.method != "GET":
        sent |= {
            "data": urlencode(step.fields),
            "content_type": "application/x-www-form-urlencoded",
        }
    found.asked[step.method] += 1
    with world.ask(actor, step.method, step.address, **sent) as answer:
        page, address, hops = answer, step.address, 0
        while page.status_code in (301, 302) and hops < 5 and page["Location"].startswith("/"):
            address, hops = page["Location"], hops + 1
            page = cast("HttpResponse", world.browsers[actor].get(address))
        if page.status_code == 404 or page.status_code >= 500:
            what = f"{step.method} {step.address} on {origin}"
            found.wrong.append(f"{page.status_code} for {what}, by {address}")
            return []
        if step.method != "GET" or not _is_page(page):
            return []
        links = Links(address.partition("#")[0])
        links.feed(page.content.decode())
    found.links += len(links.steps)
    found.files |= links.files
    found.wrong += [f"{what} on {address}" for what in links.barred]
    if not step.by_htmx:
        found.wrong += [f"#{name} is not on {address}" for name in links.jumps - links.ids - {""}]
    return list(dict.fromkeys(links.steps))


def _is_page(answer: HttpResponse) -> bool:
    return not answer.streaming and answer.get("Content-Type", "").startswith("text/html")
