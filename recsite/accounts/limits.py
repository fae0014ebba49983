"""How often something may be tried, by address and by account, counted over all processes.

Each rule counts requests from one network address, and those of one account wherever they come
from. For an account that is only named, as at log-in, requests from an address at which its owner
has logged in before do not count: strangers who guess passwords lock out themselves alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil
from typing import Any

import structlog
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.crypto import salted_hmac
from prometheus_client import Counter

from recsite.accounts.models import KnownPlace, Tally, User

log = structlog.get_logger(__name__)

REFUSED = Counter("bookfold_refused_requests", "Requests beyond a limit.", ["what"])
HOUR = 60 * 60
#: How long an address counts as its owner's after the last log-in there.
PLACE_KEPT = timedelta(days=90)
RETRY_AFTER = 60  # seconds, where a limit that is not ours does not say

_COUNT = """
    INSERT INTO accounts_tally AS known (key, tries, until)
    SELECT key, 1, %(until)s FROM unnest(%(keys)s::text[]) AS key ORDER BY key
    ON CONFLICT (key) DO UPDATE SET
        tries = CASE WHEN known.until <= %(now)s THEN 1 ELSE known.tries + 1 END,
        until = CASE WHEN known.until <= %(now)s THEN excluded.until ELSE known.until END
    RETURNING key, tries, until"""


@dataclass(frozen=True, slots=True)
class Rule:
    """At most `most` requests in `seconds`; `field` of the form names an account."""

    most: int
    seconds: int
    most_by_account: int = 0  # as many as by address, unless it says otherwise
    field: str = ""
    query: str = ""  # what has this parameter counts; where none is named, every POST does
    has_get: bool = False  # GETs count, too


#: By the name of the address.
RULES: Mapping[str, Rule] = {
    "account_login": Rule(30, 600, most_by_account=5, field="login"),
    "account_signup": Rule(20, HOUR),
    "account_reset_password": Rule(20, HOUR, most_by_account=5, field="email"),
    "account_confirm_email": Rule(60, HOUR),
    "mfa_authenticate": Rule(30, 600),
    "mfa_login_webauthn": Rule(30, 600),
    "openid_connect_login": Rule(30, 600),
    "account-delete": Rule(10, HOUR),
    "start": Rule(60, HOUR),
    "import-retry": Rule(60, HOUR),
    "import-encoding": Rule(60, HOUR),
    "account-refresh": Rule(60, HOUR),
    "books": Rule(300, 300, query="q"),
    "gift": Rule(300, 300, query="first"),
    "import-row": Rule(300, 300, query="q"),
    "together": Rule(60, HOUR),
    "group-join": Rule(60, HOUR),
    "group-beside": Rule(60, HOUR),
    "shared-picture": Rule(300, 300, has_get=True),
    "propose": Rule(60, HOUR),
    "propose-row": Rule(60, HOUR),
    "propose-entry": Rule(60, HOUR),
    "proposal-again": Rule(60, HOUR),
}
NEW_GUESTS = Rule(120, HOUR)


class TooMany(Exception):
    """A limit is reached; it may be tried again after `seconds`."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"try again in {seconds} s")
        self.seconds = seconds


class Limits:
    """Middleware that answers 429 to what is beyond `RULES`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self._get_response(request)

    def process_view(
        self, request: HttpRequest, _view: Any, _args: Any, _kwargs: Any
    ) -> HttpResponse | None:
        name = request.resolver_match.url_name if request.resolver_match else None
        rule = RULES.get(name or "")
        if name is None or rule is None or not _counts(request, rule):
            return None
        try:
            check(request, name, rule)
        except TooMany as error:
            return too_many(request, error.seconds)
        return None

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return too_many(request, error.seconds) if isinstance(error, TooMany) else None


def check(request: HttpRequest, name: str, rule: Rule) -> None:
    """Count a request; raise `TooMany` beyond the rule.

    Where the database takes no writes, nothing is counted, and nothing held back.
    """
    most = _limits(request, name, rule)
    now = timezone.now()
    until = now + timedelta(seconds=rule.seconds)
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_COUNT, {"keys": list(most), "now": now, "until": until})
            counted = cursor.fetchall()
    except DatabaseError as error:
        log.warning("limits.not_counted", what=name, error=type(error).__name__)
        return
    waits = [ends - now for key, tries, ends in counted if tries > most[key]]
    if waits:
        log.warning("limits.reached", what=name)
        REFUSED.labels(name).inc()
        raise TooMany(ceil(max(waits).total_seconds()))


def check_new_guest(request: HttpRequest) -> None:
    """Raise `TooMany` where one address makes guest after guest, as by dropping the cookie."""
    check(request, "new guest", NEW_GUESTS)


def too_many(request: HttpRequest, seconds: int = RETRY_AFTER) -> HttpResponse:
    """The page that says when it may be tried again."""
    answer = render(request, "429.html", {"minutes": ceil(seconds / 60)}, status=429)
    answer["Retry-After"] = str(seconds)
    return answer


def address_of(request: HttpRequest) -> str:
    """The network address a request came from; of IPv6 the network, as each house has one."""
    hops = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    forwarded = request.headers.get("X-Forwarded-For", "").split(",")
    last = request.META.get("REMOTE_ADDR", "")
    text = forwarded[-hops].strip() if 0 < hops <= len(forwarded) else last
    try:
        address = ip_address(text)
    except ValueError:
        return "unknown"
    if isinstance(address, IPv6Address):
        address = address.ipv4_mapped or ip_network(f"{address}/64", strict=False).network_address
    return str(address)


def remember_place(*, user: User, request: HttpRequest) -> None:
    """Note that the owner of an account has logged in from this address."""
    place = _key("place", str(user.pk), address_of(request))
    KnownPlace.objects.update_or_create(
        user=user, place=place, defaults={"seen_at": timezone.now()}
    )


def forget_old() -> None:
    """Delete what no longer counts."""
    now = timezone.now()
    Tally.objects.filter(until__lte=now).delete()
    KnownPlace.objects.filter(seen_at__lt=now - PLACE_KEPT).delete()
    with connection.cursor() as cursor:  # where allauth keeps its own counts
        cursor.execute("DELETE FROM accounts_limits WHERE expires < %s", [now])


def _counts(request: HttpRequest, rule: Rule) -> bool:
    if rule.query:
        return rule.query in request.GET
    return rule.has_get or request.method == "POST"


def _limits(request: HttpRequest, name: str, rule: Rule) -> dict[str, float]:
    """What is counted: the most for the address, and the most for the account, if there is one."""
    address, factor = address_of(request), settings.LIMITS_FACTOR
    most = {_key(name, "address", address): rule.most * factor}
    account = ""
    if request.user.is_authenticated:
        account = str(request.user.pk)
    elif rule.field and (email := request.POST.get(rule.field, "").strip().lower()):
        account = "" if _is_known(email, address) else email
    if account:
        most[_key(name, "account", account)] = (rule.most_by_account or rule.most) * factor
    return most


def _is_known(email: str, address: str) -> bool:
    """Whether the owner of the account has logged in at this address."""
    user = User.objects.filter(email__iexact=email).only("pk").first()
    if user is None:
        return False
    return KnownPlace.objects.filter(user=user, place=_key("place", str(user.pk), address)).exists()


def _key(*parts: str) -> str:
    """What is stored instead of an address or a name: without `SECRET_KEY` it tells nothing."""
    return salted_hmac("recsite.accounts.limits", "\n".join(parts)).hexdigest()
