"""What `manage.py check --deploy` says of a site on the open network."""

from typing import Any

from django.conf import settings
from django.core import checks


def check_open_site(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """Warn of settings that a site behind HTTPS needs, and whose absence nothing else notices."""
    if not settings.HTTPS:
        return []
    found: list[checks.CheckMessage] = []
    if not settings.SITE_URL.startswith("https://"):
        hint = "Links in email would go to whatever host and port a request names."
        found.append(
            checks.Warning("SITE_URL is no https:// address.", hint=hint, id="bookfold.W001")
        )
    if settings.ALLAUTH_TRUSTED_PROXY_COUNT == 0:
        hint = "Behind a proxy, all readers would share the limits of its one address."
        found.append(checks.Warning("TRUSTED_PROXIES is 0.", hint=hint, id="bookfold.W002"))
    return found
