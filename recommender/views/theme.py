"""Light or dark colors, as on the device or as the reader chooses."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from recommender.context_processors import THEME_COOKIE, THEMES

YEAR = 365 * 24 * 3600


@require_POST
def theme(request: HttpRequest) -> HttpResponse:
    """Save the choice in a cookie, which does not identify the reader.

    The way back is the Referer header: the page itself cannot say where it is, since htmx may have
    changed the address.
    """
    back = request.headers.get("Referer", "")
    is_here = url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()})
    # `redirect` would take a word for the name of a page.
    answer = HttpResponseRedirect(back if is_here and "/" in back else reverse("landing"))
    chosen = request.POST.get("theme", "")
    if chosen in THEMES and chosen != "auto":
        answer.set_cookie(
            THEME_COOKIE,
            chosen,
            max_age=YEAR,
            path=settings.SESSION_COOKIE_PATH,
            secure=request.is_secure(),
            httponly=True,
            samesite="Lax",
        )
    else:
        answer.delete_cookie(THEME_COOKIE, path=settings.SESSION_COOKIE_PATH, samesite="Lax")
    return answer
