"""Lists as others see them: the shared page, the picture for other sites, the feed."""

from dataclasses import dataclass
from functools import lru_cache

from django.db.models import Prefetch, QuerySet

from catalog.models import Book
from recommender.drawing import cards, covers
from recommender.models import Reader, Recommendation, Run
from recommender.selectors.wording import shared_reason_groups

#: How many pictures a process keeps, at some 100 kB each.
CARDS_KEPT = 32
LISTS_IN_FEED = 20
UNNAMED = "What to read next"


@dataclass(frozen=True, slots=True)
class SharedList:
    """A list with its books, as whoever has the link sees it."""

    run: Run
    picks: list[Recommendation]

    @property
    def name(self) -> str:
        return self.run.name or UNNAMED

    @property
    def description(self) -> str:
        """One sentence for previews of the link: the first books."""
        titles = [pick.book.title for pick in self.picks[:3]]
        return f"{len(self.picks)} books, among them {', '.join(titles)}." if titles else ""


def shared_list(*, token: str) -> SharedList | None:
    """The list that a link leads to; None if there is none (any more)."""
    run = Run.objects.filter(share_token=token).first()
    if run is None:
        return None
    cards_of = Prefetch("book", Book.objects.for_cards())
    return SharedList(run, list(run.recommendations.prefetch_related(cards_of)))


def picture(*, shared: SharedList) -> bytes:
    """The list's picture as a PNG, the same as long as nothing on it changes."""
    books = [pick.book for pick in shared.picks[: cards.COVERS]]
    drawn = [(book.goodbooks_id or book.pk, book.title, _author(book)) for book in books]
    return _drawn(shared.name, _why(shared.picks), tuple(drawn))


def lists_to_follow(*, token: str) -> tuple[Reader, QuerySet[Run]] | None:
    """The reader whose feed this is, with the newest lists; None for an address that has ended."""
    reader = Reader.objects.filter(feed_token=token, user__is_active=True).first()
    if reader is None:
        return None
    books = Prefetch("book", Book.objects.for_cards())
    picks = Recommendation.objects.order_by("rank").prefetch_related(books)
    newest = Run.objects.filter(reader=reader).defer("ratings_used")
    return reader, newest.prefetch_related(Prefetch("recommendations", picks))[:LISTS_IN_FEED]


def _author(book: Book) -> str:
    return next(iter(book.author_names), "")


def _why(picks: list[Recommendation]) -> str:
    """Why the first book is there, as a sentence."""
    for pick in picks[:1]:
        for group in shared_reason_groups(pick.reasons)[:1]:
            titles = [reason["title"] for reason in group.reasons[:2]]
            words = group.words[0].lower() + group.words[1:]
            return f"{pick.book.title}, {words} {' and '.join(titles)}"
    return ""


@lru_cache(maxsize=CARDS_KEPT)
def _drawn(name: str, why: str, books: tuple[tuple[int, str, str], ...]) -> bytes:
    drawn = [covers.draw(number=n, title=title, author=author) for n, title, author in books]
    return cards.draw_card(name=name, why=why, covers=drawn)
