"""What books are linked to: authors, genres and identifiers, in the admin.

`recommender.admin` extends and registers genres and identifiers.
"""

from typing import Any, cast

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from catalog.admin.typed import ModelAdmin, ModelForm
from catalog.curation import acts
from catalog.models import Author, BookIdentifier, Genre
from catalog.normalize import surname_key
from recsite.accounts.models import User


class WithBookCount(ModelAdmin[Any]):
    """Adds a column with the number of books, linked to the list of them."""

    lookup: str

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request).annotate(book_count=Count("books"))
        return rows

    @admin.display(description="books", ordering="book_count")
    def book_list(self, obj: Any) -> SafeString:
        address = reverse("admin:catalog_book_changelist")
        return format_html(
            '<a href="{}?{}={}">{}</a>', address, self.lookup, obj.pk, obj.book_count
        )


class AuthorAdmin(WithBookCount):
    list_display = ("name", "surname_key", "book_list")
    search_fields = ("name",)
    readonly_fields = ("surname_key",)
    lookup = "authors__id__exact"

    def save_model(
        self, request: HttpRequest, obj: Author, form: ModelForm[Author], change: bool
    ) -> None:
        obj.surname_key = surname_key(obj.name)
        super().save_model(request, obj, form, change)


class GenreAdmin(WithBookCount):
    """The catalog's part; `recommender.admin` adds merging."""

    list_display = ("name", "slug", "book_list")
    search_fields = ("name", "slug")
    lookup = "genres__id__exact"

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return {} if obj else {"slug": ("name",)}

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("slug",) if obj else ()  # loaders find the genre by it

    def save_model(
        self, request: HttpRequest, obj: Genre, form: ModelForm[Genre], change: bool
    ) -> None:
        before = Genre.objects.values_list("name", flat=True).filter(pk=obj.pk).first()
        super().save_model(request, obj, form, change)
        if before is not None:
            user = cast("User", request.user)
            acts.note_genre_renamed(genre=obj, before=before, user=user)


class BookIdentifierAdmin(ModelAdmin[BookIdentifier]):
    """The catalog's part; `recommender.admin` adds moving to another book."""

    list_display = ("value", "scheme", "book")
    list_filter = ("scheme",)
    list_select_related = ("book",)
    search_fields = ("=value", "book__title")
    raw_id_fields = ("book",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("book",) if obj else ()
