"""Logging in by an issuer of OpenID Connect, which the operator has named."""

from typing import Any

import requests
import structlog
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from django.conf import settings
from django.http import HttpRequest
from django.shortcuts import render

from recommender.services import roles
from recsite.accounts import invitations
from recsite.accounts.models import User

log = structlog.get_logger(__name__)

SECONDS = 10.0  # to connect to the issuer, and of its silence
#: All that is kept of what an issuer says about somebody.
KEPT = ("sub", "email", "email_verified")


class SignOnAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth carries no types
    """Lets in whom the issuer vouches for, and gives them the roles that it names."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        """Say on a page to whom no account is made, and why."""
        addresses = sociallogin.email_addresses
        address = addresses[0].email if addresses else ""
        if invitations.is_open(request, settings.OIDC_SIGN_UP, address):
            return True
        invited = invitations.address_of(request)
        context = {"address": address, "policy": settings.OIDC_SIGN_UP, "invited": invited}
        page = render(request, "socialaccount/no_account.html", context, status=403)
        raise ImmediateHttpResponse(page)

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Follow the claims about somebody who has an account already."""
        if sociallogin.is_existing:
            held = _take_claims(sociallogin)
            if sociallogin.account.pk:
                sociallogin.account.save(update_fields=["extra_data"])
            roles.follow_claims(user=sociallogin.user, held=held)

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> User:
        held = _take_claims(sociallogin)
        with invitations.one_account(request):
            user: User = super().save_user(request, sociallogin, form)
        roles.follow_claims(user=user, held=held)
        return user

    def get_requests_session(self) -> requests.Session:
        return _Session()


class _Session(requests.Session):
    """Says on a page that the issuer is away, instead of failing."""

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        try:
            answer = super().request(*args, **{"timeout": SECONDS} | kwargs)
        except requests.RequestException as error:
            log.warning("sign_on.no_answer", error=type(error).__name__)
            raise _away() from error
        if answer.status_code >= requests.codes.internal_server_error:
            log.warning("sign_on.no_answer", status=answer.status_code)
            raise _away()
        return answer


def _away() -> ImmediateHttpResponse:
    name = "socialaccount/authentication_error.html"
    page = render(context.request, name, {"is_away": True}, status=503)
    return ImmediateHttpResponse(page)


def _take_claims(sociallogin: SocialLogin) -> frozenset[str]:
    """The roles that the issuer names; the rest of its claims is not kept."""
    data: dict[str, dict[str, Any]] = sociallogin.account.extra_data
    claims = data.get("id_token", {}) | data.get("userinfo", {})
    named = claims.get(settings.OIDC_ROLES_CLAIM, [])
    sociallogin.account.extra_data = {"userinfo": {k: claims[k] for k in KEPT if k in claims}}
    return frozenset([named] if isinstance(named, str) else map(str, named))
