"""What every page of the site knows."""

from django.conf import settings
from django.http import HttpRequest

THEME_COOKIE = "theme"
#: What readers can choose; without a cookie the browser's preference holds.
THEMES = {"auto": "As the device", "light": "Light", "dark": "Dark"}


def site(request: HttpRequest) -> dict[str, object]:
    theme = request.COOKIES.get(THEME_COOKIE, "")
    return {
        "cover_host": settings.COVER_HOST,
        "theme": theme if theme in ("light", "dark") else "",
        "themes": THEMES,
        "version": settings.VERSION,
    }
