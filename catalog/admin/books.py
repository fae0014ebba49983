"""Books in the admin.

A field that a curator changes is locked, so that no later load resets it; unticking the lock gives
the field back to the loaders. Every change is logged.
"""

from typing import Any, ClassVar, cast

from django import forms
from django.contrib import admin
from django.contrib.admin.views.main import ORDER_VAR
from django.db.models import Case, IntegerField, QuerySet, When
from django.forms import BaseModelFormSet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from catalog.added_numbers import next_numbers
from catalog.admin.bulk import BulkActions
from catalog.admin.csv_files import CsvPages
from catalog.admin.filters import AttentionFilter, EnrichmentFilter, MissingFilter
from catalog.admin.inlines import AuthorInline, GenreInline, IdentifierInline
from catalog.admin.typed import ModelForm
from catalog.curation import acts
from catalog.kinds import volumes_problem
from catalog.models import (
    Book,
    BookAuthor,
    BookGenre,
    Enrichment,
)
from catalog.search import matching, ranked
from catalog.services import enrichment
from recsite.accounts.models import User


class BookForm(ModelForm[Book]):
    """The fields of a book, with its locks as boxes to tick."""

    locked_fields = forms.MultipleChoiceField(
        choices=[(name, name.replace("_", " ")) for name in acts.LOCKABLE],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="Loaders skip ticked fields. Changing a field here ticks it.",
    )

    #: The book as it was before the form was saved.
    before: dict[str, Any] | None = None

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if cleaned and cleaned.get("series_number") is not None and not cleaned.get("series_name"):
            self.add_error("series_name", "A volume with a number needs the name of its series.")
        if cleaned and (
            problem := volumes_problem(
                kind=cleaned.get("kind", ""),
                series=cleaned.get("series_name", ""),
                first=cleaned.get("first_volume"),
                last=cleaned.get("last_volume"),
            )
        ):
            self.add_error("first_volume", problem)
        return cleaned


class BookAdmin(BulkActions, CsvPages):
    """The catalog's part; `recommender.admin` adds merging and what readers do with books."""

    form = BookForm
    list_display: tuple[Any, ...] = (
        "title",
        "written_by",
        "year",
        "language",
        "series",
        "ratings_count",
        "average_rating",
        "status",
        "open_library",
        "is_simulated",
        "goodbooks_id",
    )
    list_filter: ClassVar[tuple[Any, ...]] = (
        "status",
        MissingFilter,
        AttentionFilter,
        EnrichmentFilter,
        "origin",
        "is_simulated",
        "kind",
        "language",
        "genres",
    )
    search_fields = ("title",)  # so that there is a search box; see `get_search_results`
    search_help_text = (
        "Title, series, author, ISBN, any number of the book, or an address at Goodreads."
    )
    ordering = ("-ratings_count", "pk")
    list_per_page = 50
    inlines = (AuthorInline, GenreInline, IdentifierInline)
    actions = (
        "set_language",
        "set_series",
        "set_kind",
        "add_genre",
        "export_csv",
        "hide",
        "show",
        "lock",
        "unlock",
        "enrich_again",
    )
    readonly_fields = (
        "state",
        "origin",
        "history",
        "open_library",
        "open_library_asked",
        "title_key",
        "original_title_key",
        "created_at",
        "updated_at",
        "ratings_count",
        "average_rating",
        "to_read_count",
        "is_simulated",
    )
    fieldsets = (
        (None, {"fields": ("title", "original_title", "year", "language")}),
        ("State", {"fields": ("state", "origin", "history")}),
        (
            "Series and kind",
            {
                "fields": (
                    ("series_name", "series_number"),
                    "kind",
                    ("first_volume", "last_volume"),
                )
            },
        ),
        ("Description", {"fields": ("description", "description_source", "cover_id")}),
        (
            "Open Library",
            {
                "fields": (
                    "open_library",
                    "open_library_asked",
                    "open_library_key",
                    "subjects",
                    "page_count",
                )
            },
        ),
        ("Numbers", {"fields": (("goodbooks_id", "goodreads_work_id"),)}),
        ("Locked fields", {"fields": ("locked_fields",)}),
        (
            "Maintained by loaders and matching",
            {
                "classes": ("collapse",),
                "fields": (
                    "title_key",
                    "original_title_key",
                    "ratings_count",
                    "average_rating",
                    "to_read_count",
                    "is_simulated",
                    "created_at",
                    "updated_at",
                ),
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Book]:
        return Book.objects.for_cards().select_related("enrichment")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Book], search_term: str
    ) -> tuple[QuerySet[Book], bool]:
        """The search of the whole site, also among hidden and merged books.

        The best matches come first, unless a column decides the order. Django's own search joins
        authors and identifiers, and reads the catalog several times.
        """
        if not search_term.strip():
            return queryset, False
        queryset = queryset.filter(matching(search_term))
        best = ranked(search_term, statuses=Book.Status.values)[: self.list_per_page]
        if best and ORDER_VAR not in request.GET:
            places = [When(pk=pk, then=place) for place, pk in enumerate(best)]
            queryset = queryset.order_by(
                Case(*places, default=len(best), output_field=IntegerField()),
                *self.get_ordering(request),
            )
        return queryset, False

    @admin.display(description="authors")
    def written_by(self, book: Book) -> str:
        return ", ".join(book.author_names) or "-"

    @admin.display(description="series", ordering="series_name")
    def series(self, book: Book) -> str:
        return book.series_words or "-"

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

    @admin.display(description="state")
    def state(self, book: Book) -> SafeString | str:
        if book.status == Book.Status.MERGED and book.merged_into_id:
            address = reverse("admin:catalog_book_change", args=[book.merged_into_id])
            return format_html('merged into <a href="{}">{}</a>', address, book.merged_into)
        reason = f", because: {book.hidden_because}" if book.hidden_because else ""
        return f"{book.get_status_display()}{reason}"

    @admin.display(description="changes by curators")
    def history(self, book: Book) -> SafeString:
        address = reverse(
            "admin:catalog_curationact_changelist", query={"book__id__exact": book.pk}
        )
        return format_html('<a href="{}">{}</a>', address, book.acts.count())

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never: libraries, saved lists and the log point to books. They are hidden or merged."""
        return False

    @admin.action(description="Ask Open Library again, before other books", permissions=["change"])
    def enrich_again(self, request: HttpRequest, books: QuerySet[Book]) -> None:
        number = enrichment.ask_again(book_ids=books.values_list("pk", flat=True))
        self.message_user(request, f"{number} books will be looked up within a few minutes.")

    @admin.action(description="Show: recommend these books again", permissions=["change"])
    def show(self, request: HttpRequest, books: QuerySet[Book]) -> None:
        number = acts.show(book_ids=_keys(books), user=_user(request))
        self.message_user(request, f"{number} books are now shown.")

    @admin.action(description="Lock all fields", permissions=["change"])
    def lock(self, request: HttpRequest, books: QuerySet[Book]) -> None:
        number = acts.set_locks(book_ids=_keys(books), is_locked=True, user=_user(request))
        self.message_user(request, f"{number} books are now locked.")

    @admin.action(description="Unlock all fields", permissions=["change"])
    def unlock(self, request: HttpRequest, books: QuerySet[Book]) -> None:
        number = acts.set_locks(book_ids=_keys(books), is_locked=False, user=_user(request))
        self.message_user(request, f"{number} books are now unlocked.")

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        if change:
            form.before = acts.snapshot(form.instance)
        return super().save_form(request, form, change)

    def save_model(
        self, request: HttpRequest, obj: Book, form: ModelForm[Book], change: bool
    ) -> None:
        """Update the keys and lock what was changed by hand; a new book gets its number."""
        acts.update_keys(obj, form.changed_data)
        if change:
            obj.locked_fields = acts.locks_with(obj, form.changed_data)
        elif obj.goodbooks_id is None:
            obj.goodbooks_id = next_numbers(1)[0]
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
            book.locked_fields = acts.locks_with(book, [name])
            book.save(update_fields=["locked_fields", "updated_at"])

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if form.before is not None:
            acts.note_edit(book=form.instance, before=form.before, user=_user(request))
        else:
            acts.note_added(book=form.instance, user=_user(request))


def _keys(books: QuerySet[Book]) -> list[int]:
    return list(books.order_by().values_list("pk", flat=True))


def _user(request: HttpRequest) -> User:
    return cast("User", request.user)
