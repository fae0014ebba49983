"""What works at the moment."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from recommender.selectors.status import site_status


@never_cache
@require_safe
def status(request: HttpRequest) -> HttpResponse:
    """Which parts of the site work, and what helps where one does not."""
    parts = site_status()
    context = {"parts": parts, "all_work": all(part.works for part in parts)}
    return render(request, "recommender/status.html", context)
