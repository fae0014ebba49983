"""Asking one site over HTTP: answers are bounded in size and time, and lead to no other site."""

import logging
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import DefaultCookiePolicy
from ipaddress import ip_address
from urllib.parse import urljoin, urlsplit

import requests
import tenacity
import urllib3

from recsite.common.deadlines import Limits, TimedAdapter, limited

logger = logging.getLogger(__name__)

Params = Mapping[str, str | int]

TIMEOUTS = (5.0, 30.0)  # to connect, and of silence while reading
MAX_BYTES = 5 * 1024 * 1024
MAX_REDIRECTS = 2
LONGEST_RETRY_AFTER = 3600.0  # a site that asks for more is asked again after this
LONGEST_RETRY_WAIT = 60.0  # waited between two tries; a longer Retry-After ends them
_CHUNK = 64 * 1024
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
#: How AWS WAF names itself in the answers that it gives instead of the site
#: (https://docs.aws.amazon.com/waf/latest/developerguide/waf-captcha-and-challenge-actions.html).
_FIREWALL_ACTION = "x-amzn-waf-action"
#: An ETag (https://www.rfc-editor.org/rfc/rfc9110#name-etag) of a length that is kept.
LONGEST_ETAG = 200
_ETAG = re.compile(rf"[\x21-\x7e]{{1,{LONGEST_ETAG}}}")
_SECRETS = re.compile(r"\b(key=)[^&\s\"']+")


class HttpError(Exception):
    """Why there is no answer. It holds no address, for an address may hold a key."""


class NoContact(HttpError):
    """Another host is to be asked, and no contact address is set."""


class NoAnswer(HttpError):
    """Nobody answered, or the answer broke off."""


class TooSlow(NoAnswer):
    """The answer was not whole when its time was up."""


class TooLarge(HttpError):
    """The answer is larger than allowed, once unpacked."""


class RedirectRefused(HttpError):
    """The site redirects to another host, too often, or to a malformed address."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a site answered to one request."""

    address: str  # that was asked, without the key
    status: int
    body: bytes
    etag: str = ""
    location: str = ""
    retry_after: float | None = None  # seconds
    firewall_action: str = ""  # what a firewall in front of the site did with the request

    @property
    def is_redirect(self) -> bool:
        return self.status in _REDIRECTS

    def redirect_target(self) -> str:
        """The full address that a redirect leads to; raises `RedirectRefused` where it is none."""
        try:
            target = urljoin(self.address, self.location)
            urlsplit(target)
        except ValueError:
            raise RedirectRefused("sent to a malformed address") from None
        return target


class SiteClient:
    """Asks one site, which is named by the operator's settings, never by a reader or an answer.

    It sends no cookies and no credentials of the machine, says who asks, and accepts gzip. One
    thread at a time may use it.

    Parameters
    ----------
    base_url : str
        Where the site begins.
    contact : str
        The operator's address, told in the User-Agent. Only a stand-in on this very host is asked
        without one; elsewhere `NoContact` is raised.
    user_agent : str
        The whole User-Agent, where the operator wants another.
    accept : str
        The types of content that are asked for.
    key : str
        A secret, sent as ``key=`` with every request; it is in no address, log or error of ours.
    timeouts : tuple of float
        Seconds to connect, and of silence while an answer comes.
    deadline : float
        Seconds until an answer must be whole, from the moment it is asked for.
    max_bytes : int
        The size of a body after it is unpacked.
    """

    def __init__(
        self,
        *,
        base_url: str,
        contact: str,
        user_agent: str = "",
        accept: str,
        key: str = "",
        timeouts: tuple[float, float] = TIMEOUTS,
        deadline: float,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._base = urlsplit(base_url.rstrip("/"))
        is_local = is_loopback(self.host)
        if not may_ask(base_url, contact=contact):
            raise NoContact("no contact address")
        self._key = key
        self._timeouts = timeouts
        self._deadline = deadline
        self._max_bytes = max_bytes
        self._session = _Session()
        self._session.mount("http://", TimedAdapter())
        self._session.mount("https://", TimedAdapter())
        self._session.trust_env = not is_local  # no proxy to this very host
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._session.headers.update(
            {
                "User-Agent": user_agent
                or f"Bookfold/1.0 (mailto:{contact or 'nobody@localhost'})",
                "Accept": accept,
                "Accept-Encoding": "gzip",
            }
        )
        logging.getLogger("urllib3.connectionpool").addFilter(_HIDE_SECRETS)

    @property
    def host(self) -> str:
        return self._base.hostname or ""

    def address(self, path: str) -> str:
        return f"{self._base.geturl()}{path}"

    def close(self) -> None:
        self._session.close()

    def follow(self, path: str, params: Params, *, ask: Callable[[str, Params], Answer]) -> Answer:
        """Ask for a path, and go along with a few redirects inside the site.

        Parameters
        ----------
        ask : callable
            Makes one request for an address, by `get`, and may refuse its answer.

        Raises
        ------
        RedirectRefused
            Where the site leads elsewhere, or further than `MAX_REDIRECTS`.
        """
        answer = ask(self.address(path), params)
        for _ in range(MAX_REDIRECTS):
            if not answer.is_redirect:
                return answer
            address = answer.redirect_target()
            if urlsplit(address)[:2] != self._base[:2]:  # scheme, and host with port
                raise RedirectRefused("sent to another host")
            answer = ask(address, {})
        if answer.is_redirect:
            raise RedirectRefused("sent on and on")
        return answer

    def get(
        self,
        address: str,
        params: Params | None = None,
        *,
        etag: str = "",
        with_key: bool = True,
        check: Callable[[], None] | None = None,
    ) -> Answer:
        """Make one request; a redirect is an answer like others.

        The errors of the HTTP library hold the whole address with its key. So ours are raised
        after its handlers have ended, and carry nothing of them.

        Parameters
        ----------
        etag : str
            Of the page as it is known; the answer has status 304 where it is still that one.
        check : callable
            Called each time before more is read; what it raises ends the request.

        Raises
        ------
        NoAnswer
            Also as `TooSlow`.
        TooLarge
        """
        path = urlsplit(address).path
        started = time.monotonic()
        limits = Limits(started + self._deadline, check)
        try:
            with limited(limits):
                answer = self._send(address, params, etag, with_key=with_key)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            reason = type(error).__name__
        else:
            seconds, size = time.monotonic() - started, len(answer.body)
            logger.info("GET %s: %d, %d bytes, %.1f s", path, answer.status, size, seconds)
            return answer
        logger.warning("GET %s: no answer (%s)", path, reason)
        if limits.seconds_left() <= 0:
            raise TooSlow("too slow")
        raise NoAnswer(f"no answer ({reason})")

    def _send(self, address: str, params: Params | None, etag: str, *, with_key: bool) -> Answer:
        with self._session.get(
            address,
            params=params,
            headers={"If-None-Match": etag} if etag else None,
            auth=_WithKey(self._key if with_key else ""),
            timeout=self._timeouts,
            allow_redirects=False,
            stream=True,
        ) as response:
            return Answer(
                address=address,
                status=response.status_code,
                body=self._read_body(response),
                etag=_etag(response.headers.get("ETag", "")),
                location=response.headers.get("Location", ""),
                retry_after=read_retry_after(response.headers.get("Retry-After", "")),
                firewall_action=response.headers.get(_FIREWALL_ACTION, ""),
            )

    def _read_body(self, response: requests.Response) -> bytes:
        """Read the body, unpacked as it comes, so that a gzip bomb is never unpacked whole."""
        body = bytearray()
        for chunk in response.iter_content(_CHUNK):
            body += chunk
            if len(body) > self._max_bytes:
                raise TooLarge("far too much")
        return bytes(body)


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """No redirect is for requests to look at.

        Even where it is not to follow them, it would parse the address and read the whole body,
        however malformed the one and however large the other.
        """


class _WithKey(requests.auth.AuthBase):
    """Adds the secret at the last moment, so that it is in no address we handle.

    Passed with every request, with or without a key: it also keeps requests from reading ~/.netrc.
    """

    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._key:
            request.prepare_url(request.url, {"key": self._key})
        return request


class _HideSecrets(logging.Filter):
    """Takes the value of ``key=`` out of the addresses which urllib3 logs at level DEBUG."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                _SECRETS.sub(r"\1…", value) if isinstance(value, str) else value
                for value in record.args
            )
        return True


_HIDE_SECRETS = _HideSecrets()


def retrying(
    *,
    attempts: int,
    is_worth_another_try: Callable[[BaseException], bool],
    wait: Callable[[float], None],
) -> tenacity.Retrying:
    """Try again as often as is allowed and of use, with a pause between two tries.

    The pause is what the site has asked for, which the error tells as its ``retry_after``, else it
    is longer each time. Who is asked to come back later than `LONGEST_RETRY_WAIT` does not wait.
    """
    return tenacity.Retrying(
        retry=tenacity.retry_if_exception(
            lambda error: (
                is_worth_another_try(error) and (_retry_after(error) or 0) <= LONGEST_RETRY_WAIT
            )
        ),
        wait=_pause_before_retry,
        stop=tenacity.stop_after_attempt(attempts),
        sleep=wait,
        reraise=True,
    )


_growing_pause = tenacity.wait_random_exponential(multiplier=1, max=30)


def _pause_before_retry(state: tenacity.RetryCallState) -> float:
    """As long as the site asks for, else longer each time; never all workers at once."""
    error = state.outcome.exception() if state.outcome else None
    asked = _retry_after(error)
    return asked + tenacity.wait_random(0, 1)(state) if asked else _growing_pause(state)


def _retry_after(error: BaseException | None) -> float | None:
    return getattr(error, "retry_after", None)


def _etag(text: str) -> str:
    """The ETag of an answer; empty for what could not be kept, or not be sent back as it is."""
    return text if _ETAG.fullmatch(text) else ""


def read_retry_after(text: str) -> float | None:
    """Seconds to wait, from either form of ``Retry-After``: seconds or a date."""
    text = text.strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return min(float(text), LONGEST_RETRY_AFTER)
    try:
        until = parsedate_to_datetime(text)
    except (ValueError, IndexError, OverflowError):
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return min(max((until - datetime.now(UTC)).total_seconds(), 0.0), LONGEST_RETRY_AFTER)


def may_ask(base_url: str, *, contact: str) -> bool:
    """Whether a site may be asked: it is on this very machine, or the operator names a contact."""
    return bool(contact) or is_loopback(urlsplit(base_url).hostname or "")


def is_loopback(host: str) -> bool:
    """Whether a host of an address is this very machine."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
