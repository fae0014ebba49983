"""What needs no log-in, as its address is a secret: shared lists, the feed of one's own."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.dateformat import format as date_format
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import format_html, format_html_join
from django.views.decorators.cache import cache_control, never_cache
from django.views.decorators.http import conditional_page, require_safe

from recommender.models import Run
from recommender.selectors.book_states import book_states
from recommender.selectors.shared_lists import (
    SharedList,
    lists_to_follow,
    picture,
    shared_list,
)
from recommender.views.access import reader_of

#: How long others may keep a picture, even if its link ends in the meantime.
PICTURE_KEPT_SECONDS = 60 * 60


@never_cache
@require_safe
def shared(request: HttpRequest, token: str) -> HttpResponse:
    """A list that its reader has shared, without what is that reader's own affair."""
    found = _shared_or_404(token)
    reader = reader_of(request)
    context = {
        "shared": found,
        "picks": found.picks,
        "is_own": reader is not None and reader.pk == found.run.reader_id,
        "states": book_states(reader=reader, books=[pick.book for pick in found.picks]),
        "back": request.path,
        "address": request.build_absolute_uri(request.path),
        "picture": request.build_absolute_uri(reverse("shared-picture", args=[token])),
    }
    answer = render(request, "recommender/shared_list.html", context)
    if not found.run.may_be_indexed:
        answer["X-Robots-Tag"] = "noindex"
    return answer


@cache_control(public=True, max_age=PICTURE_KEPT_SECONDS)
@require_safe
def shared_picture(request: HttpRequest, token: str) -> HttpResponse:
    """The picture that other sites show beside the link."""
    answer = HttpResponse(picture(shared=_shared_or_404(token)), content_type="image/png")
    answer["X-Robots-Tag"] = "noindex"
    return answer


@never_cache
@conditional_page
@require_safe
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """The reader's newest lists as an Atom feed, for programs that can't log in."""
    found = lists_to_follow(token=token)
    if found is None:
        raise Http404
    reader, runs = found
    atom = Atom1Feed(
        title="Your lists at Bookfold",
        link=request.build_absolute_uri(reverse("history")),
        description=None,
        feed_url=request.build_absolute_uri(request.path),
        feed_guid=f"urn:bookfold:reader:{reader.pk}",
        language="en",
    )
    for run in runs:
        day = date_format(run.created_at, "F j, Y")
        atom.add_item(
            title=run.name or f"Your next books, {day}",
            link=request.build_absolute_uri(reverse("run", args=[run.pk])),
            description=_books_of(run),
            unique_id=run.pk.urn,
            pubdate=run.created_at,
            updateddate=run.created_at,
        )
    text = atom.writeString("utf-8")
    return HttpResponse(
        text, content_type=Atom1Feed.content_type, headers={"X-Robots-Tag": "noindex"}
    )


def _books_of(run: Run) -> str:
    """The books of a list as HTML, which is what feeds carry."""
    books = [pick.book for pick in run.recommendations.all()]
    lines = [(book.title, ", ".join(book.author_names[:2])) for book in books]
    return format_html("<ol>{}</ol>", format_html_join("", "<li><cite>{}</cite>, {}</li>", lines))


def _shared_or_404(token: str) -> SharedList:
    found = shared_list(token=token)
    if found is None:
        raise Http404
    return found
