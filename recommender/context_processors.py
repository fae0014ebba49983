"""What the templates of every page can use."""

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from recommender.services import shared_browser

THEME_COOKIE = "theme"
#: What readers can choose; without a cookie, the browser's preference applies.
THEMES = {"auto": "Same as device", "light": "Light", "dark": "Dark"}


def site(request: HttpRequest) -> dict[str, object]:
    """The settings, the theme and the libraries that every page may name."""
    theme = request.COOKIES.get(THEME_COOKIE, "")
    return {
        "libraries_here": SimpleLazyObject(lambda: libraries_here(request)),
        "cover_host": settings.COVER_HOST,
        "sign_up": settings.SIGN_UP,
        "sso_is_on": bool(settings.OIDC_ISSUER),
        "sso_sign_up": settings.OIDC_SIGN_UP,
        "sso_name": settings.OIDC_NAME,
        "theme": theme if theme in ("light", "dark") else "",
        "themes": THEMES,
        "version": settings.VERSION,
    }


def libraries_here(request: HttpRequest) -> list[shared_browser.Library]:
    """The libraries of guests who share the browser; who has logged in sees only their own."""
    user = getattr(request, "user", None)  # none where a request was refused early
    return shared_browser.libraries(request.session) if user and not user.is_authenticated else []
