"""How pages show the entries of a library."""

from decimal import Decimal

from django import template
from django.template import Context
from django.utils.safestring import SafeString

from recommender.models import LibraryEntry
from recommender.selectors.covers import drawn_cover
from recommender.selectors.wording import drawn_stars, since_words
from recommender.shelves import shelf_name
from recommender.templatetags.books import cover

register = template.Library()
register.filter("shelf_name", shelf_name)
register.filter("since_words", since_words)


@register.simple_tag(takes_context=True)
def entry_cover(context: Context, entry: LibraryEntry) -> SafeString:
    """The cover of the entry's book, or without a book one drawn from the entry's own words."""
    if entry.book:
        return cover(context, entry.book)
    return drawn_cover(number=entry.pk, title=entry.title, author=entry.author)


@register.filter
def star_part(stars: Decimal) -> str:
    """Write what stars have beyond whole ones: ½; nothing for whole stars."""
    return drawn_stars(stars).lstrip("★")
