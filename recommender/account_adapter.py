"""What Bookfold adds to logging in and signing up by django-allauth."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest, HttpResponse

from recommender.services import readers
from recommender.services.readers import SESSION_KEY
from recsite.accounts.models import User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth carries no types
    """Moves a guest's library and lists to the account when the guest logs in or signs up."""

    def post_login(self, request: HttpRequest, user: User, **details: object) -> HttpResponse:
        guest_id = request.session.pop(SESSION_KEY, None)
        if guest_id is not None:
            readers.claim_guest(user=user, guest_id=guest_id)
        response: HttpResponse = super().post_login(request, user, **details)
        return response
