"""What is refused before any view sees it, and what is added to every answer."""

from collections.abc import Callable, Iterable
from urllib.parse import unquote

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control

NUL = "\0"
#: What no page uses, and so nothing that might get into one may. Passkeys are for our own pages.
PERMISSIONS_POLICY = (
    ", ".join(
        f"{feature}=()"
        for feature in (
            "accelerometer",
            "browsing-topics",
            "camera",
            "display-capture",
            "geolocation",
            "gyroscope",
            "magnetometer",
            "microphone",
            "midi",
            "payment",
            "screen-wake-lock",
            "serial",
            "usb",
            "xr-spatial-tracking",
        )
    )
    + ", publickey-credentials-create=(self), publickey-credentials-get=(self)"
)

#: Recovery codes count where one of these is set up.
SECOND_STEPS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]

GetResponse = Callable[[HttpRequest], HttpResponse]


class RefuseNul:
    """Answers 400 to a NUL in an address or a form: nobody types one, and PostgreSQL keeps none."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if any(NUL in text for text in _texts(request)):
            raise BadRequest("A request held a NUL.")
        return self._get_response(request)


def _texts(request: HttpRequest) -> Iterable[str]:
    yield request.path
    yield unquote(request.META.get("QUERY_STRING", ""))
    if request.method == "POST":
        for name, values in request.POST.lists():
            yield name
            yield from values


class PrivatePages:
    """Keeps pages made for one visitor out of every cache, and says what no page may use."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        answer = self._get_response(request)
        answer["Permissions-Policy"] = PERMISSIONS_POLICY
        if request.session.accessed and not request.session.is_empty():
            patch_cache_control(answer, private=True, no_store=True)
        return answer


class SecondStepOfStaff:
    """Opens the admin only to who has logged in with a second step, where `HTTPS` is set."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if not settings.HTTPS or not request.path.startswith(reverse("admin:index")):
            return self._get_response(request)
        if not user.is_authenticated or not user.is_staff:
            return self._get_response(request)
        if not is_mfa_enabled(user, SECOND_STEPS):
            messages.info(request, "The admin needs a second step. Set it up here first.")
            return redirect("mfa_activate_totp")
        if any(record["method"] == "mfa" for record in get_authentication_records(request, user)):
            return self._get_response(request)
        has_app = is_mfa_enabled(user, [Authenticator.Type.TOTP])
        way = "mfa_reauthenticate" if has_app else "mfa_reauthenticate_webauthn"
        return redirect(reverse(way, query={"next": request.get_full_path()}))


class TimeZoneOfVisitor:
    """Ends with a request the time zone that a view has turned on for its visitor."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with timezone.override(None):
            return self._get_response(request)
