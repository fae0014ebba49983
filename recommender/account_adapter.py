"""What happens here when somebody logs in or signs up by django-allauth."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest, HttpResponse

from recommender.services import readers
from recommender.services.readers import SESSION_KEY
from recsite.accounts.models import User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth carries no types
    """Keeps what a guest has done when the guest turns into somebody with an account."""

    def post_login(self, request: HttpRequest, user: User, **details: object) -> HttpResponse:
        guest_id = request.session.pop(SESSION_KEY, None)
        if guest_id is not None:
            readers.claim_guest(user=user, guest_id=guest_id)
        response: HttpResponse = super().post_login(request, user, **details)
        return response
