"""Invitations to a site where not everybody may sign up: signed links, each for one address."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import urljoin

from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.contrib import messages
from django.core import signing
from django.core.mail import send_mail
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from recsite.accounts.models import User

#: Where a session keeps the address that it was invited by.
SESSION_KEY = "invited_address"
_SALT = "recsite.accounts.invitations"


class CannotInvite(Exception):
    """Why somebody is not invited, in a sentence."""


def invite(*, address: str) -> str:
    """Send an invitation by email; return its link.

    A link needs no row: it is signed, and of no use once the address has an account.
    """
    if settings.SIGN_UP == settings.OIDC_SIGN_UP == "closed":
        raise CannotInvite(
            "With SIGN_UP=closed nobody can make an account, not even by invitation."
        )
    if not settings.SITE_URL:
        raise CannotInvite("SITE_URL is not set, so the link would lead nowhere.")
    if User.objects.filter(email__iexact=address).exists():
        raise CannotInvite(f"{address} already has an account.")
    path = reverse("invitation", args=[signing.dumps(address.lower(), salt=_SALT)])
    link = urljoin(settings.SITE_URL, path)
    context = {"link": link, "days": settings.INVITATION_DAYS, "site_url": settings.SITE_URL}
    text = render_to_string("account/email/invitation.txt", context)
    send_mail("[Bookfold] An invitation", text, None, [address])
    return link


@never_cache
@require_safe
def accept(request: HttpRequest, token: str) -> HttpResponse:
    """Note in the session for which address somebody may sign up."""
    try:
        address = signing.loads(token, salt=_SALT, max_age=timedelta(days=settings.INVITATION_DAYS))
    except signing.BadSignature:
        messages.error(request, "This invitation is no longer valid. Ask for another one.")
        return redirect("account_login")
    request.session[SESSION_KEY] = address
    if is_open(request, settings.SIGN_UP):
        return redirect("account_signup")
    messages.info(request, f"You are invited as {address}. Log in with {settings.OIDC_NAME}.")
    return redirect("account_login")


def address_of(request: HttpRequest) -> str:
    """The address that this session was invited by; empty if by none."""
    address: Any = request.session.get(SESSION_KEY, "")
    return str(address)


def is_open(request: HttpRequest, policy: str, address: str = "") -> bool:
    """Whether this visitor may make an account, with that address if it is known already."""
    match policy:
        case "open":
            return True
        case "invited":
            invited = address_of(request)
            return bool(invited) and address.lower() in ("", invited)
    return False


@contextmanager
def one_account(request: HttpRequest) -> Iterator[None]:
    """Lead to the log-in page whoever makes an account that was made a moment ago."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        messages.error(request, "This account was made a moment ago. Please log in.")
        raise ImmediateHttpResponse(redirect("account_login")) from error
