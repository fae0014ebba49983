"""Works that wait for a curator, and what is looked for at Open Library for readers' libraries."""

from typing import Any, cast

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import pluralize
from django.utils.html import format_html
from django.utils.safestring import SafeString

from catalog.admin.typed import ModelAdmin
from catalog.models import FoundWork, WantedBook
from catalog.services import found_works
from catalog.services.additions import CannotAdd
from recommender.admin.parts import ReadOnly, change_link
from recommender.services import look_ups
from recsite.accounts.models import User


class FoundWorkAdmin(ReadOnly, ModelAdmin[FoundWork]):
    """The queue of works to add to the catalog, or to decline for good."""

    list_display = ("title", "author", "year", "reason", "shelves", "state", "there", "book_page")
    list_filter = ("state", "reason", "year")
    list_select_related = ("book",)
    list_per_page = 50
    search_fields = ("title", "author", "=key")
    fields = (
        "title",
        "author",
        "year",
        "reason",
        "shelves",
        "state",
        "there",
        "book_page",
        "found_at",
    )
    readonly_fields = ("there", "book_page")
    actions = ("add_to_catalog", "decline")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="at Open Library")
    def there(self, found: FoundWork) -> SafeString:
        address = f"{settings.OPENLIBRARY_BASE_URL}/works/{found.key}"
        return format_html('<a href="{}" rel="noopener noreferrer">{}</a>', address, found.key)

    @admin.display(description="book")
    def book_page(self, found: FoundWork) -> SafeString | str:
        return change_link("catalog_book", found.book)

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("catalog.add_book")

    @admin.action(description="Add to the catalog", permissions=["decide"])
    def add_to_catalog(self, request: HttpRequest, found: QuerySet[FoundWork]) -> None:
        added = 0
        for one in found:
            try:
                added += look_ups.add_found(found=one, user=cast("User", request.user))
            except CannotAdd as error:
                messages.warning(request, f"{one}: {error}")
        messages.success(request, f"{added} book{pluralize(added)} added.")

    @admin.action(description="Decline: never add these", permissions=["decide"])
    def decline(self, request: HttpRequest, found: QuerySet[FoundWork]) -> None:
        declined = found_works.decline(found_ids=list(found.values_list("pk", flat=True)))
        messages.success(request, f"{declined} work{pluralize(declined)} declined.")


class WantedBookAdmin(ReadOnly, ModelAdmin[WantedBook]):
    """What libraries lack, what Open Library answered, and when it is asked again."""

    list_display = ("title", "author", "wanted_by", "rated_by", "state", "asked_at", "book_page")
    list_filter = ("state", "asked_at")
    list_select_related = ("book",)
    list_per_page = 50
    ordering = ("-wanted_by", "pk")
    search_fields = ("title", "author")
    fields = (
        "title",
        "author",
        "isbns",
        "goodreads_ids",
        "wanted_by",
        "rated_by",
        "state",
        "note",
        "found",
        "book_page",
        "asked_at",
        "due_at",
    )
    readonly_fields = ("found", "book_page")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="found")
    def found(self, row: WantedBook) -> str:
        works = (f"{one['title']}, {', '.join(one['credited'])}" for one in row.works)
        return "; ".join(works) or "-"

    @admin.display(description="book")
    def book_page(self, row: WantedBook) -> SafeString | str:
        return change_link("catalog_book", row.book)
