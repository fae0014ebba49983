"""What the pages of the admin have in common."""

import re
from typing import Any

from django.contrib.admin.views.main import ChangeList
from django.contrib.admin.widgets import AutocompleteSelect
from django.db.models import Count, Model, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString


def count_of(rows: QuerySet[Any], owner: str) -> Coalesce:
    """How many of the rows belong to the object of the outer query.

    A subquery, so that only the rows of one page of a list are counted.
    """
    owned = rows.filter(**{owner: OuterRef("pk")}).order_by().values(owner)
    return Coalesce(Subquery(owned.annotate(n=Count("pk")).values("n")), 0)


class NumberSelect(AutocompleteSelect):
    """Django's, which breaks where it shows a form again that was sent with a word for a number."""

    def optgroups(self, name: str, value: Any, attrs: dict[str, Any] | None = None) -> Any:
        numbers = [one for one in value if re.fullmatch("[0-9]{1,18}", str(one))]
        return super().optgroups(name, numbers, attrs)


def list_link(name: str, text: object, **lookups: object) -> SafeString:
    """A link to a list of the admin, filtered by lookups."""
    query = "&".join(f"{key}={value}" for key, value in lookups.items())
    return format_html('<a href="{}?{}">{}</a>', reverse(f"admin:recommender_{name}"), query, text)


def change_link(name: str, obj: Model | None) -> SafeString | str:
    """A link to the page of one object."""
    if obj is None:
        return "-"
    return format_html('<a href="{}">{}</a>', reverse(f"admin:{name}_change", args=[obj.pk]), obj)


class CountsOfPage(ChangeList):
    """Finds the rows of the page first, and then counts only for these.

    In one query, the database would also count for all rows of the pages before.
    """

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        keys = list(self.result_list.values_list("pk", flat=True))
        rows = self.root_queryset.in_bulk(keys)
        self.result_list = [rows[key] for key in keys if key in rows]


class WithCounts:
    """For an admin whose rows are annotated with counts."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return CountsOfPage


class ReadOnly:
    """For an admin of rows that only the site writes."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
