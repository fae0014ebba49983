"""The list of readers who read together, made while its page loads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from catalog.models import Book
from recommender.engine.model import Model, Scores
from recommender.engine.rerank import DEFAULT_OPTIONS, BookFacts, RerankOptions, rerank
from recommender.engine.together import joint_books
from recommender.engine.values import NothingToFoldIn, Reading, ScoredBook
from recommender.models import GroupMember
from recommender.selectors.book_facts import facts_of_candidates
from recommender.selectors.current_model import current_model
from recommender.selectors.dismissals import Dismissed, dismissed_by
from recommender.selectors.known_works import KnownWorks
from recommender.selectors.recommendations import (
    Pick,
    Taste,
    explain,
    taste_of,
)

BOOKS = 10
#: So many are looked at for each place, as some are known to somebody by another title.
SPARE = 3


@dataclass(frozen=True, slots=True)
class Share:
    """What speaks for a book with one of the readers."""

    name: str
    expected_stars: float | None
    reasons: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class JointPick:
    """A book for all, with each reader's share."""

    book: Book
    rank: int
    shares: list[Share]


@dataclass(frozen=True, slots=True)
class JointList:
    """The list of a group; `silent` are members whose libraries say nothing yet."""

    picks: list[JointPick]
    silent: list[str]
    counted: list[str]


@dataclass(frozen=True, slots=True)
class _Voice:
    name: str
    taste: Taste
    scores: Scores
    works: KnownWorks
    dismissed: Dismissed


def joint_list(*, members: Sequence[GroupMember]) -> JointList:
    """One list for the members whose libraries say something; none for fewer than two.

    Nothing on it is in anybody's library, dismissed by anybody, or the wrong volume for anybody.
    Raises `NoRelease`.
    """
    model, voices, silent = current_model(), [], []
    options = DEFAULT_OPTIONS
    for member in members:
        voice = _voice_of(model, member)
        if voice is None:
            silent.append(member.name)
        else:
            voices.append(voice)
            options = voice.dismissed.left_out_of(options)
    names = [voice.name for voice in voices]
    if len(voices) < 2:
        return JointList([], silent, names)
    languages = [voice.taste.languages for voice in voices]
    shared = frozenset.intersection(*languages) or frozenset.union(*languages)
    options = replace(options, own_languages=shared)
    chosen, cards = _choose(voices, options)
    return JointList(_explained(voices, chosen, cards), silent, names)


def _voice_of(model: Model, member: GroupMember) -> _Voice | None:
    taste, dismissed = taste_of(reader=member.reader), dismissed_by(member.reader)
    refused: dict[int, Reading] = dict.fromkeys(dismissed.not_for_me - taste.known, "dismissed")
    try:
        scores = model.fold_in(taste.ratings, {**taste.readings, **refused})
    except NothingToFoldIn:
        return None
    return _Voice(member.name, taste, scores, KnownWorks.of_lines(taste.lines), dismissed)


def _choose(
    voices: Sequence[_Voice], options: RerankOptions
) -> tuple[list[ScoredBook], dict[int, Book]]:
    known = frozenset[int]().union(*(voice.taste.known for voice in voices))
    candidates = joint_books([voice.scores for voice in voices], exclude=known)
    facts = facts_of_candidates(book_ids=[one.book_id for one in candidates], options=options)
    fitting = [one for one in candidates if one.book_id in facts]
    for voice in voices:
        fitting = _admitted(voice, fitting, facts, options)
    # Each member's series have been looked at; what is left is not too much by one author.
    plain = {number: replace(fact, series="", number=None) for number, fact in facts.items()}
    books = rerank(fitting, plain, (), options, top=BOOKS * SPARE)
    numbers = [one.book_id for one in books]
    cards = {book.goodbooks_id or 0: book for book in Book.objects.known_as(numbers).for_cards()}
    by_title: set[int] = set()
    for voice in voices:
        by_title |= voice.works.among(list(cards.values())).numbers
    left = [one for one in books if one.book_id in cards and one.book_id not in by_title]
    return left[:BOOKS], cards


def _admitted(
    voice: _Voice,
    candidates: Sequence[ScoredBook],
    facts: Mapping[int, BookFacts],
    options: RerankOptions,
) -> list[ScoredBook]:
    """Those that the rules would offer this reader, however many by one author, in their order."""
    read = voice.taste.read
    offered = rerank(
        candidates,
        {**read, **facts},
        read,
        replace(options, per_author=max(1, len(candidates))),
        unmatched=voice.works.unmatched,
    )
    numbers = {one.book_id for one in offered}
    return [one for one in candidates if one.book_id in numbers]


def _explained(
    voices: Sequence[_Voice], chosen: list[ScoredBook], cards: Mapping[int, Book]
) -> list[JointPick]:
    explained: list[list[Pick]] = [explain(voice.scores, chosen, cards) for voice in voices]
    return [
        JointPick(
            book=picks[0].book,
            rank=picks[0].rank,
            shares=[
                Share(voice.name, pick.expected_stars, pick.reasons)
                for voice, pick in zip(voices, picks, strict=True)
            ],
        )
        for picks in zip(*explained, strict=True)
    ]
