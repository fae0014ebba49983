"""What browsers need to install the site: a manifest, a service worker, a page without network."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

#: How long browsers keep these three; they hold nobody's data.
KEPT_SECONDS = 60 * 60
SIZES = (192, 512)


@cache_control(public=True, max_age=KEPT_SECONDS)
@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """The name, the colors and the icons of the installed site."""
    icons = [
        {
            "src": static(f"img/icon-{size}.png"),
            "sizes": f"{size}x{size}",
            "type": "image/png",
            "purpose": "any maskable",
        }
        for size in SIZES
    ]
    described = {
        "name": "Bookfold",
        "short_name": "Bookfold",
        "description": "What to read next, and why",
        "id": reverse("landing"),
        "start_url": reverse("landing"),
        "scope": reverse("landing"),
        "display": "standalone",
        "background_color": "#f5ecdc",
        "theme_color": "#f5ecdc",
        "icons": icons,
    }
    return JsonResponse(described, content_type="application/manifest+json")


@cache_control(public=True, no_cache=True)
@require_safe
def service_worker(request: HttpRequest) -> HttpResponse:
    """The script that shows the page without network; it has to stand at the root."""
    return render(request, "recommender/sw.js", content_type="text/javascript; charset=utf-8")


@cache_control(public=True, max_age=KEPT_SECONDS)
@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """What is shown where there is no network; the same for everybody, as browsers keep it."""
    return render(request, "recommender/offline.html")
