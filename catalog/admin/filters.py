"""Filters of lists in the admin."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest

from catalog.models import Book, Enrichment


class ValuesFilter(admin.AllValuesFieldListFilter):
    """The values of a text field; an empty one is called "none", so that its link has a name."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice in super().choices(changelist):
            yield choice | {"display": choice["display"] or "none"}


class MissingFilter(admin.SimpleListFilter):
    """Books that lack some detail."""

    title = "what is missing"
    parameter_name = "lacks"

    CONDITIONS = {
        "cover": Q(cover_id=None),
        "description": Q(description=""),
        "language": Q(language=""),
        "year": Q(year=None),
        "genres": Q(shelvings=None),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        return [(name, f"no {name}") for name in self.CONDITIONS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Book]) -> QuerySet[Book]:
        condition = self.CONDITIONS.get(self.value() or "")
        return queryset.filter(condition) if condition else queryset


class AttentionFilter(admin.SimpleListFilter):
    """Possible duplicates, and books with locked fields."""

    title = "needs attention"
    parameter_name = "look"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        return (("doubles", "possible duplicates"), ("locked", "with locked fields"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Book]) -> QuerySet[Book]:
        if self.value() == "doubles":
            return queryset.filter(possible_duplicate())
        return queryset.exclude(locked_fields=[]) if self.value() == "locked" else queryset


def possible_duplicate() -> Exists:
    """Whether another book by one of the authors has the same title or place in a series."""
    same_title = Q(title_key=OuterRef("title_key"))
    same_place = Q(
        series_name=OuterRef("series_name"), series_number=OuterRef("series_number")
    ) & ~Q(series_name="")
    others = Book.objects.standing().filter(
        same_title | same_place,
        kind=OuterRef("kind"),
        credits__author__credits__book=OuterRef("pk"),
    )
    return Exists(others.exclude(pk=OuterRef("pk")))


class EnrichmentFilter(admin.SimpleListFilter):
    """Books by what came of asking Open Library."""

    title = "Open Library"
    parameter_name = "enriched"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        return [(state.value, str(state.label)) for state in Enrichment.State]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Book]) -> QuerySet[Book]:
        if self.value() == Enrichment.State.NEVER:
            return queryset.filter(Q(enrichment=None) | Q(enrichment__state=self.value()))
        return queryset.filter(enrichment__state=self.value()) if self.value() else queryset
