"""The model put to the test on the reader's own books."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from recommender.drawing import plots
from recommender.engine.release import NoRelease
from recommender.engine.values import NothingToFoldIn
from recommender.models import ModelRelease
from recommender.selectors.proof import FEWEST_RATED, Predictions, TooFewRated, predictions, prove
from recommender.views.access import reader_of


@never_cache
@require_safe
def proof(request: HttpRequest) -> HttpResponse:
    """Whether the model finds books of the reader's that were hidden from it."""
    reader = reader_of(request)
    if reader is None:
        return redirect("landing")
    expected = predictions(reader=reader)
    context: dict[str, Any] = {
        "reader": reader,
        "predictions": expected,
        "plot": _plot(expected) if expected else None,
        "fewest": FEWEST_RATED,
        "release": ModelRelease.objects.filter(is_active=True).first(),
    }
    try:
        context["proof"] = prove(reader=reader)
    except TooFewRated as error:
        context["rated"] = error.count
    except (NothingToFoldIn, NoRelease) as error:
        context["problem"] = str(error)
    return render(request, "recommender/proof.html", context)


def _plot(expected: Predictions) -> plots.Plot:
    return plots.against(
        expected.pairs, x_label="stars we expected", y_label="stars you gave", highest=5
    )
