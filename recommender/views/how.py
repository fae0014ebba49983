"""How lists are made, and how good those of the release in use are."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from recommender.models import ModelRelease
from recommender.selectors.quality import bias_plot, quality_of, sample_percent, size_plot


@require_safe
def how(request: HttpRequest) -> HttpResponse:
    """The page "How it works"; its figures are those of the release in use."""
    release = ModelRelease.objects.filter(is_active=True).first()
    quality = quality_of(release=release) if release else None
    context = {
        "release": release,
        "sample": sample_percent(release=release) if release else None,
        "quality": quality,
        "bias": bias_plot(quality) if quality else None,
        "sizes": size_plot(quality) if quality and quality.measured_by_size else None,
    }
    return render(request, "recommender/how.html", context)
