"""The admin in which curators keep the catalog.

What a curator changes is locked, so that no later load sets it back; unticking a lock lets the
loaders have the field again.
"""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import ForeignKeyRawIdWidget
from django.db.models import Count, Q, QuerySet
from django.forms import BaseModelFormSet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from catalog.models import (
    Author,
    Book,
    BookAuthor,
    BookGenre,
    BookIdentifier,
    Enrichment,
    Genre,
)
from catalog.normalize import SplitTitle, surname_key, title_key
from catalog.services import enrichment
from catalog.typed_admin import ModelAdmin, ModelForm, TabularInline

LOCKABLE = (
    *("title", "original_title", "authors", "genres", "year", "language"),
    *("series_name", "series_number", "is_box_set", "description", "goodreads_work_id"),
    *("cover_id", "open_library_key", "subjects", "page_count"),
)


class PlainRawIdWidget(ForeignKeyRawIdWidget):
    """A raw id without its label, which would cost a query for every row.

    The row's own heading names the object already.
    """

    def label_and_url_for_value(self, value: Any) -> tuple[str, str]:
        return "", ""


class RelatedInline(TabularInline[Any, Book]):
    """Rows of a book that point to something else, shown without a query for each."""

    extra = 0
    related: str

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related(self.related)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == self.related:
            kwargs["widget"] = PlainRawIdWidget(db_field.remote_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class AuthorInline(RelatedInline):
    model = BookAuthor
    verbose_name_plural = "authors, in the order of the title page"
    related = "author"


class GenreInline(RelatedInline):
    model = BookGenre
    verbose_name_plural = "genres, and how many readers see them in the book"
    related = "genre"


class IdentifierInline(TabularInline[BookIdentifier, Book]):
    model = BookIdentifier
    extra = 0


class BookForm(ModelForm[Book]):
    """The fields of a book, with its locks as boxes to tick."""

    locked_fields = forms.MultipleChoiceField(
        choices=[(name, name.replace("_", " ")) for name in LOCKABLE],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="Loaders leave ticked fields alone. A field is ticked when it is changed here.",
    )

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if cleaned and cleaned.get("series_number") is not None and not cleaned.get("series_name"):
            self.add_error("series_name", "A volume with a number needs the name of its series.")
        return cleaned


class DescriptionFilter(admin.SimpleListFilter):
    title = "description"
    parameter_name = "described"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        return (("yes", "with one"), ("no", "without"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Book]) -> QuerySet[Book]:
        if self.value() == "yes":
            return queryset.exclude(description="")
        return queryset.filter(description="") if self.value() == "no" else queryset


class EnrichmentFilter(admin.SimpleListFilter):
    title = "Open Library"
    parameter_name = "enriched"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        return [(state.value, str(state.label)) for state in Enrichment.State]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Book]) -> QuerySet[Book]:
        if self.value() == Enrichment.State.NEVER:
            return queryset.filter(Q(enrichment=None) | Q(enrichment__state=self.value()))
        return queryset.filter(enrichment__state=self.value()) if self.value() else queryset


@admin.register(Book)
class BookAdmin(ModelAdmin[Book]):
    form = BookForm
    list_display = (
        *("title", "written_by", "year", "language", "series", "ratings_count"),
        *("average_rating", "status", "open_library", "is_simulated", "goodbooks_id"),
    )
    list_filter = (
        *("status", "is_simulated", "is_box_set", DescriptionFilter, EnrichmentFilter, "language"),
        ("genres", admin.RelatedOnlyFieldListFilter),
    )
    search_fields = (
        *("title", "original_title", "series_name", "authors__name"),
        *("=goodbooks_id", "=goodreads_work_id", "=identifiers__value"),
    )
    search_help_text = "Title, series, author, ISBN-13 or a number at Goodreads."
    ordering = ("-ratings_count", "pk")
    list_per_page = 50
    inlines = (AuthorInline, GenreInline, IdentifierInline)
    actions = ("hide", "show", "enrich_again")
    readonly_fields = (
        *("open_library", "open_library_asked"),
        *("title_key", "original_title_key", "created_at", "updated_at"),
        *("ratings_count", "average_rating", "to_read_count", "is_simulated"),
    )
    fieldsets = (
        (None, {"fields": ("title", "original_title", "year", "language", "status")}),
        ("Series", {"fields": (("series_name", "series_number"), "is_box_set")}),
        ("Description", {"fields": ("description", "description_source", "cover_id")}),
        (
            "Open Library",
            {
                "fields": (
                    *("open_library", "open_library_asked", "open_library_key"),
                    *("subjects", "page_count"),
                )
            },
        ),
        ("Numbers", {"fields": (("goodbooks_id", "goodreads_work_id"),)}),
        ("Locked fields", {"fields": ("locked_fields",)}),
        (
            "What loaders and matching keep",
            {
                "classes": ("collapse",),
                "fields": (
                    *("title_key", "original_title_key", "ratings_count", "average_rating"),
                    *("to_read_count", "is_simulated", "created_at", "updated_at"),
                ),
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Book]:
        return Book.objects.for_cards().select_related("enrichment")

    @admin.display(description="authors")
    def written_by(self, book: Book) -> str:
        return ", ".join(book.author_names) or "-"

    @admin.display(description="series", ordering="series_name")
    def series(self, book: Book) -> str:
        if book.series_number is None:
            return book.series_name or "-"
        return f"{book.series_name} #{book.series_number.normalize():f}"

    @admin.display(description="Open Library", ordering="enrichment__state")
    def open_library(self, book: Book) -> str:
        row = getattr(book, "enrichment", None)
        return str(row.get_state_display()) if row else str(Enrichment.State.NEVER.label)

    @admin.display(description="asked")
    def open_library_asked(self, book: Book) -> str:
        row = getattr(book, "enrichment", None)
        if row is None or row.tried_at is None:
            return "-"
        note = f" ({row.note})" if row.note else ""
        return f"{row.tried_at:%Y-%m-%d %H:%M}{note}; again from {row.due_at:%Y-%m-%d %H:%M}"

    @admin.action(description="Ask Open Library again, before all other books")
    def enrich_again(self, request: HttpRequest, books: QuerySet[Book]) -> None:
        number = enrichment.ask_again(book_ids=books.values_list("pk", flat=True))
        self.message_user(request, f"{number} books will be asked for within a few minutes.")

    @admin.action(description="Hide: recommend these books no longer")
    def hide(self, request: HttpRequest, books: QuerySet[Book]) -> None:
        self._set_status(request, books, Book.Status.HIDDEN)

    @admin.action(description="Show: recommend these books again")
    def show(self, request: HttpRequest, books: QuerySet[Book]) -> None:
        self._set_status(request, books, Book.Status.ACTIVE)

    def _set_status(self, request: HttpRequest, books: QuerySet[Book], status: str) -> None:
        changed = books.exclude(status=status)
        self.log_change_of_status(request, changed, status)
        number = changed.update(status=status)
        self.message_user(request, f"{number} books are {status} now.")

    def log_change_of_status(
        self, request: HttpRequest, books: QuerySet[Book], status: str
    ) -> None:
        for book in books:
            self.log_change(request, book, f"Status is {status} now.")

    def save_model(
        self, request: HttpRequest, obj: Book, form: ModelForm[Book], change: bool
    ) -> None:
        """Make the keys anew, and lock what was changed by hand."""
        split = SplitTitle(obj.title, obj.series_name, obj.series_number, is_box_set=obj.is_box_set)
        if not change or {"title", "series_name", "series_number"} & set(form.changed_data):
            obj.title_key = split.key
        obj.original_title_key = title_key(obj.original_title)
        if change:
            obj.locked_fields = _locked(obj, form.changed_data)
        super().save_model(request, obj, form, change)

    def save_formset(
        self,
        request: HttpRequest,
        form: ModelForm[Book],
        formset: "BaseModelFormSet[Any, Any]",
        change: bool,
    ) -> None:
        super().save_formset(request, form, formset, change)
        name = "authors" if formset.model is BookAuthor else "genres"
        if formset.model in (BookAuthor, BookGenre) and change and formset.has_changed():
            book = form.instance
            book.locked_fields = _locked(book, [name])
            book.save(update_fields=["locked_fields", "updated_at"])


def _locked(book: Book, changed: Sequence[str]) -> list[str]:
    locked = {*book.locked_fields, *changed}
    return [name for name in LOCKABLE if name in locked]


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


@admin.register(Genre)
class GenreAdmin(CountsBooks):
    list_display = ("name", "slug", "book_list")
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}
    lookup = "genres__id__exact"


@admin.register(BookIdentifier)
class BookIdentifierAdmin(ModelAdmin[BookIdentifier]):
    list_display = ("value", "scheme", "book")
    list_filter = ("scheme",)
    list_select_related = ("book",)
    search_fields = ("=value", "book__title")
    raw_id_fields = ("book",)
