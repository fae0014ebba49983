"""How lists are made, and how good those of the release in use are."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from recommender.drawing import plots
from recommender.models import ModelRelease
from recommender.selectors.quality import Quality, quality_of, sample_percent


@require_safe
def how(request: HttpRequest) -> HttpResponse:
    release = ModelRelease.objects.filter(is_active=True).first()
    quality = quality_of(release=release) if release else None
    context = {
        "release": release,
        "sample": sample_percent(release=release) if release else None,
        "quality": quality,
        "bias": _bias_plot(quality) if quality else None,
        "sizes": _size_plot(quality) if quality and quality.measured_by_size else None,
    }
    return render(request, "recommender/how.html", context)


def _bias_plot(quality: Quality) -> plots.Plot:
    return plots.scatter(
        {one.name: (one.popularity, one.accuracy) for one in quality.rankers},
        x_label="readers who know a recommended book",
        y_label="accuracy (NDCG@100)",
        rule=(quality.profile_popularity, "their own books"),
    )


def _size_plot(quality: Quality) -> plots.Plot:
    return plots.lines(
        {one.name: one.by_size for one in quality.measured_by_size},
        x_label="ratings known of a reader",
        y_label="accuracy (NDCG@100)",
    )
