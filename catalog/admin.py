"""The admin in which curators keep the catalog, but for its books (`book_admin`).

Books, genres and identifiers are registered by the recommender, which knows what readers have of
them.
"""

from typing import Any, cast

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from catalog.models import Author, BookIdentifier, CurationAct, Genre
from catalog.normalize import surname_key
from catalog.services import curation
from catalog.typed_admin import ModelAdmin, ModelForm
from recsite.accounts.models import User


class CountsBooks(ModelAdmin[Any]):
    """Something that books have, with a link to these books."""

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


@admin.register(Author)
class AuthorAdmin(CountsBooks):
    list_display = ("name", "surname_key", "book_list")
    search_fields = ("name",)
    readonly_fields = ("surname_key",)
    lookup = "authors__id__exact"

    def save_model(
        self, request: HttpRequest, obj: Author, form: ModelForm[Author], change: bool
    ) -> None:
        obj.surname_key = surname_key(obj.name)
        super().save_model(request, obj, form, change)


class GenreAdmin(CountsBooks):
    """The catalog's own part; the recommender adds merging."""

    list_display = ("name", "slug", "book_list")
    search_fields = ("name", "slug")
    lookup = "genres__id__exact"

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return {} if obj else {"slug": ("name",)}

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("slug",) if obj else ()  # loaders know the genre by it

    def save_model(
        self, request: HttpRequest, obj: Genre, form: ModelForm[Genre], change: bool
    ) -> None:
        before = Genre.objects.values_list("name", flat=True).filter(pk=obj.pk).first()
        super().save_model(request, obj, form, change)
        if before is not None:
            user = cast("User", request.user)
            curation.note_genre_renamed(genre=obj, before=before, user=user)


class BookIdentifierAdmin(ModelAdmin[BookIdentifier]):
    """The catalog's own part; the recommender adds the way to another book."""

    list_display = ("value", "scheme", "book")
    list_filter = ("scheme",)
    list_select_related = ("book",)
    search_fields = ("=value", "book__title")
    raw_id_fields = ("book",)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("book",) if obj else ()


class CurationActAdmin(ModelAdmin[CurationAct]):
    """Who did what, and what was there before; only to read."""

    list_display = ("at", "user", "kind", "subject", "book_page", "reason", "fields_changed")
    list_filter = ("kind", ("user", admin.RelatedOnlyFieldListFilter), "at")
    list_select_related = ("user", "book")
    search_fields = ("subject", "reason", "user__email")
    date_hierarchy = "at"
    fields = ("at", "user", "kind", "subject", "book_page", "reason", "changes", "undoes")
    readonly_fields = ("book_page", "changes")
    change_form_template = "admin/catalog/curationact/change_form.html"

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        return lookup == "book__id__exact" or super().lookup_allowed(lookup, value, request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="book", ordering="book")
    def book_page(self, act: CurationAct) -> SafeString | str:
        if act.book is None:
            return "-"
        address = reverse("admin:catalog_book_change", args=[act.book.pk])
        return format_html('<a href="{}">{}</a>', address, act.book)

    @admin.display(description="fields")
    def fields_changed(self, act: CurationAct) -> str:
        return ", ".join(name.replace("_", " ") for name in act.after) or "-"

    @admin.display(description="before and after")
    def changes(self, act: CurationAct) -> SafeString:
        rows = [
            (name.replace("_", " "), act.before.get(name, ""), act.after.get(name, ""))
            for name in {**act.before, **act.after}
        ]
        return format_html(
            "<table><thead><tr><th></th><th>before</th><th>after</th></tr></thead>"
            "<tbody>{}</tbody></table>",
            format_html_join("", "<tr><th>{}</th><td>{}</td><td>{}</td></tr>", rows),
        )
