"""What Bookfold adds to logging in and signing up by django-allauth."""

from typing import Any
from urllib.parse import urljoin, urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.core.exceptions import ValidationError
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse

from recommender.services import readers, shared_browser
from recommender.services.readers import SESSION_KEY
from recsite.accounts import invitations, limits
from recsite.accounts.models import User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth carries no types
    """Moves a guest's library and lists to the account when the guest logs in or signs up."""

    def post_login(self, request: HttpRequest, user: User, **details: object) -> HttpResponse:
        limits.remember_place(user=user, request=request)
        request.session.pop(invitations.SESSION_KEY, None)
        guest_id = request.session.pop(SESSION_KEY, None)
        if guest_id is not None:
            readers.claim_guest(user=user, guest_id=guest_id)
            shared_browser.forget(session=request.session, number=guest_id)
        response: HttpResponse = super().post_login(request, user, **details)
        return response

    def logout(self, request: HttpRequest) -> None:
        """Log out; libraries of guests beside the account's stay in the browser."""
        shared_browser.log_out(request)

    def pre_authenticate(self, request: HttpRequest, **credentials: object) -> None:
        """Nothing: `recsite.accounts.limits` has counted, and does not lock owners out."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return invitations.is_open(request, settings.SIGN_UP)

    def save_user(
        self, request: HttpRequest, user: User, form: BaseForm, commit: bool = True
    ) -> User:
        with invitations.one_account(request):
            saved: User = super().save_user(request, user, form, commit)
        return saved

    def clean_email(self, email: str) -> str:
        """Refuse another address than the one that was invited, where only such may sign up."""
        pages = {"account_signup": settings.SIGN_UP, "socialaccount_signup": settings.OIDC_SIGN_UP}
        if pages.get(self.request.resolver_match.view_name) == "invited":
            invited = invitations.address_of(self.request)
            if invited and email.lower() != invited:
                raise ValidationError(f"The invitation is for {invited}.")
        return email

    def get_client_ip(self, request: HttpRequest) -> str:
        return limits.address_of(request)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send it with links to `SITE_URL`: a request may name any port as its host's."""
        links = {name: own_link(url) for name, url in context.items() if name.endswith("_url")}
        host = urlsplit(settings.SITE_URL).netloc or self.request.get_host()
        site = {"current_site": {"name": "Bookfold", "domain": host}}
        super().send_mail(template_prefix, email, context | links | site)


def own_link(url: str) -> str:
    """The same page under `SITE_URL`, if that is set."""
    if not settings.SITE_URL:
        return url
    parts = urlsplit(url)
    return urljoin(settings.SITE_URL, parts._replace(scheme="", netloc="").geturl())
