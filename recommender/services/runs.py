"""Saved lists."""

from collections.abc import Mapping

from django.db import transaction

from catalog.services import enrichment
from recommender.engine.rerank import DEFAULT_OPTIONS, RerankOptions
from recommender.models import Reader, Recommendation, Run
from recommender.selectors.recommendations import Picks, preview
from recommender.services import library, releases


def recommend(
    *,
    reader: Reader,
    options: RerankOptions = DEFAULT_OPTIONS,
    top: int = 10,
    requested: Mapping[str, object] | None = None,
) -> Run:
    """Make a list from the reader's present library, and save it.

    `requested` holds the parameters of the form, which are kept with the list. Raises what
    `preview` raises.
    """
    library.match_unmatched_entries(reader=reader)
    picks = preview(reader=reader, options=options, top=top)
    since = {"since": reader.read_since.isoformat()} if reader.read_since else {}
    return _save(reader, picks, parameters={"top": top, **since, **(requested or {})})


@transaction.atomic
def _save(reader: Reader, picks: Picks, *, parameters: dict[str, object]) -> Run:
    run = Run.objects.create(
        reader=reader,
        release=releases.record(picks.model.release),
        ranker=picks.ranker,
        parameters=parameters,
        ratings_used=[[book_id, stars] for book_id, stars in sorted(picks.used.items())],
        library_size=picks.library_size,
    )
    Recommendation.objects.bulk_create(
        Recommendation(
            run=run,
            book=pick.book,
            rank=pick.rank,
            score=pick.score,
            expected_stars=pick.expected_stars,
            reasons=pick.reasons,
        )
        for pick in picks.chosen
    )
    enrichment.mark_wanted(book_ids=[pick.book.pk for pick in picks.chosen])
    return run
