"""What every page of the site knows."""

from django.conf import settings
from django.http import HttpRequest


def site(_request: HttpRequest) -> dict[str, object]:
    return {"cover_host": settings.COVER_HOST}
