"""The figures for Prometheus, of all web processes and of the site."""

import os

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from recommender.selectors.metrics import SiteCollector

#: Where gunicorn's processes add up what each has counted; see `gunicorn.conf.py`.
SHARED = "PROMETHEUS_MULTIPROC_DIR"


@never_cache
@require_safe
def metrics(_request: HttpRequest) -> HttpResponse:
    """All figures, as Prometheus reads them."""
    if not settings.METRICS:
        raise Http404
    of_processes, of_site = REGISTRY, CollectorRegistry()
    if SHARED in os.environ:
        of_processes = CollectorRegistry()
        MultiProcessCollector(of_processes)  # type: ignore[no-untyped-call]
    of_site.register(SiteCollector())
    text = generate_latest(of_processes) + generate_latest(of_site)
    return HttpResponse(text, content_type=CONTENT_TYPE_LATEST)
