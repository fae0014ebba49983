"""What to read next of the books that the reader has wanted to read for long."""

import secrets

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from recommender.forms.pile import PileForm
from recommender.selectors.book_states import book_states
from recommender.selectors.browse import scores_for
from recommender.selectors.pile import Waiting, pile_of, with_reasons
from recommender.selectors.recommendations import taste_of
from recommender.views.access import reader_of

BOOKS_PER_PAGE = 10


@never_cache
@require_safe
def pile(request: HttpRequest) -> HttpResponse:
    """The pile in the order of the model, or one book of its better half by chance."""
    reader = reader_of(request)
    if reader is None:
        return redirect("landing")
    form = PileForm(request.GET)
    if not form.is_valid():
        return render(request, "recommender/pile.html", {"form": form}, status=422)
    scores = scores_for(taste_of(reader=reader))
    waiting, total = pile_of(
        reader=reader, scores=scores, options=form.options(), order=form.order()
    )
    is_surprise = bool(request.GET.get("surprise") and waiting)
    shown = [_by_chance(waiting)] if is_surprise else waiting
    page = Paginator(shown, BOOKS_PER_PAGE).get_page(request.GET.get("page"))
    picks = with_reasons(list(page), scores=scores, start=page.start_index() or 1)
    context = {
        "form": form,
        "total": total,
        "is_surprise": is_surprise,
        "page": page,
        "picks": picks,
        "states": book_states(reader=reader, books=[pick.book for pick in picks]),
        "back": request.get_full_path(),
        "query_string": form.query_string(),
    }
    return render(request, "recommender/pile.html", context)


def _by_chance(waiting: list[Waiting]) -> Waiting:
    """One of the half that fits best."""
    best = sorted(waiting, key=lambda one: -(one.score or 0.0))
    return secrets.choice(best[: (len(best) + 1) // 2])
