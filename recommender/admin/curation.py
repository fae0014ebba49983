"""Books, genres and identifiers in the admin, with what readers have of them.

Each act that moves things of readers is asked about first: a page says what it would do.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.safestring import SafeString

from catalog.admin import books, log, related
from catalog.curation import acts
from catalog.models import Book, BookIdentifier, CurationAct, Genre
from recommender.admin.confirm import ConfirmView
from recommender.admin.other_book import IntoBookView
from recommender.admin.parts import WithCounts, count_of
from recommender.admin.worklists import WORKLISTS
from recommender.models import Dismissal, Recommendation
from recommender.selectors.covers import book_cover
from recommender.services import merging, taking_back, waiting
from recsite.accounts.models import User


class IntoGenre(forms.Form):
    """Another genre."""

    into = forms.ModelChoiceField(Genre.objects.all(), label="Into which genre")


class MergeBook(IntoBookView[Book]):
    """Merge a book into another one, with what readers have of it."""

    template_name = "admin/catalog/book/merge.html"
    done = "Merged. The old address now leads to the other book. You can undo this in the log."

    def get_object(self, key: int) -> Book:
        return get_object_or_404(Book.objects.for_cards(), pk=key)

    def get_book_id(self) -> int:
        return self.object.pk

    def get_title(self) -> str:
        return f"Merge “{self.object}” into another book"

    def preview(self, chosen: dict[str, Any]) -> dict[str, Any]:
        preview = merging.preview(book=self.object, into=chosen["into"])
        return {"book": self.object, "preview": preview}

    def act(self, chosen: dict[str, Any], user: User) -> None:
        merging.merge(book=self.object, user=user, **chosen)


class ReasonForm(forms.Form):
    """Why, for the log."""

    reason = forms.CharField(max_length=300, label="Why")


class TakeBackBook(ConfirmView[Book]):
    """Take back a book that was added wrongly."""

    form_class = ReasonForm
    template_name = "admin/catalog/book/take_back.html"
    done = "Taken back. Its library entries have no book any more."

    def get_object(self, key: int) -> Book:
        return get_object_or_404(Book, pk=key)

    def get_title(self) -> str:
        return f"Take back “{self.object}”"

    def preview(self, chosen: dict[str, Any]) -> dict[str, Any]:
        acts.check_withdrawal(self.object)
        return {"book": self.object, "preview": taking_back.preview(book=self.object)}

    def act(self, chosen: dict[str, Any], user: User) -> None:
        taking_back.take_back(book=self.object, user=user, **chosen)


class MergeGenre(ConfirmView[Genre]):
    """Merge a genre into another one."""

    form_class = IntoGenre
    template_name = "admin/catalog/genre/merge.html"
    done = "Merged. Later loads count its readers under the other genre."

    def get_object(self, key: int) -> Genre:
        return get_object_or_404(Genre, pk=key)

    def get_title(self) -> str:
        return f"Merge the genre “{self.object}” into another"

    def preview(self, chosen: dict[str, Any]) -> dict[str, Any]:
        return {"genre": self.object, "books": self.object.shelvings.count()}

    def act(self, chosen: dict[str, Any], user: User) -> None:
        merging.merge_genre(genre=self.object, user=user, **chosen)


class MoveIdentifier(IntoBookView[BookIdentifier]):
    """Move an identifier to the book it belongs to, with the entries it brought."""

    template_name = "admin/catalog/bookidentifier/move.html"
    done = "Moved, along with the library entries matched by it."

    def get_object(self, key: int) -> BookIdentifier:
        return get_object_or_404(BookIdentifier.objects.select_related("book"), pk=key)

    def get_book_id(self) -> int:
        return self.object.book_id

    def get_title(self) -> str:
        return f"Let {self.object} lead to another book"

    def preview(self, chosen: dict[str, Any]) -> dict[str, Any]:
        entries = merging.entries_of(identifier=self.object, to=chosen["into"])
        return {"identifier": self.object, "entries": entries.count()}

    def act(self, chosen: dict[str, Any], user: User) -> None:
        merging.move_identifier(identifier=self.object, to=chosen["into"], user=user)


class UndoMerge(ConfirmView[CurationAct]):
    """Undo a merge; there is nothing to choose."""

    template_name = "admin/catalog/curationact/undo.html"
    done = "Undone: both books are separate again."

    def get_object(self, key: int) -> CurationAct:
        return get_object_or_404(CurationAct, pk=key)

    def get_title(self) -> str:
        return f"Undo the merge of “{self.object.subject}”"

    def get_form(self) -> forms.Form:
        return self.form_class(self.request.POST)

    def preview(self, chosen: dict[str, Any]) -> dict[str, Any]:
        return {"act": self.object}

    def act(self, chosen: dict[str, Any], user: User) -> None:
        merging.undo(act=self.object, user=user)


class ReadersFilter(admin.SimpleListFilter):
    """Books that were offered to readers, or that they dismissed."""

    title = "readers"
    parameter_name = "readers"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        return (("offered", "most recommended"), ("dismissed", "most dismissed"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Book]) -> QuerySet[Book]:
        if self.value() == "offered":
            return queryset.filter(pk__in=Recommendation.objects.values("book"))
        if self.value() == "dismissed":
            return queryset.filter(pk__in=Dismissal.objects.standing().values("book"))
        return queryset


class BookAdmin(WithCounts, books.BookAdmin):
    list_display: tuple[Any, ...] = (
        "cover",
        *books.BookAdmin.list_display,
        "offered",
        "dismissed",
    )
    list_display_links = ("title",)
    list_filter: ClassVar[tuple[Any, ...]] = (
        ReadersFilter,
        *books.BookAdmin.list_filter,
    )
    change_form_template = "admin/catalog/book/change_form.html"
    change_list_template = "admin/catalog/book/change_list.html"

    class Media:
        css = {"all": ("css/admin.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Book]:
        dismissals = Dismissal.objects.standing().filter(book__isnull=False)
        return (
            super()
            .get_queryset(request)
            .annotate(
                offered_count=count_of(Recommendation.objects.all(), "book"),
                dismissed_count=count_of(dismissals, "book"),
            )
        )

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        wanted = request.GET.get("readers")
        if wanted in ("offered", "dismissed"):
            return (f"-{wanted}_count", *self.ordering)
        return self.ordering

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            *(
                path(
                    f"work/{one.name.rpartition('_')[2]}",
                    wrap(one.as_view(model_admin=self)),
                    name=one.name,
                )
                for one in WORKLISTS
            ),
            path(
                "<int:key>/merge",
                wrap(MergeBook.as_view(model_admin=self)),
                name="catalog_book_merge",
            ),
            path(
                "<int:key>/take-back",
                wrap(TakeBackBook.as_view(model_admin=self)),
                name="catalog_book_take_back",
            ),
            *super().get_urls(),
        ]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if not change:
            waiting.queue(book=form.instance)

    @admin.display(description="cover")
    def cover(self, book: Book) -> SafeString:
        return book_cover(book=book)

    @admin.display(description="offered", ordering="offered_count")
    def offered(self, book: Any) -> int:
        return int(book.offered_count)

    @admin.display(description="dismissed", ordering="dismissed_count")
    def dismissed(self, book: Any) -> int:
        return int(book.dismissed_count)


class GenreAdmin(related.GenreAdmin):
    change_form_template = "admin/catalog/genre/change_form.html"

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Genres are merged: books and dismissals point to them, and a load makes them anew."""
        return False

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path(
                "<int:key>/merge",
                wrap(MergeGenre.as_view(model_admin=self)),
                name="catalog_genre_merge",
            ),
            *super().get_urls(),
        ]


class BookIdentifierAdmin(related.BookIdentifierAdmin):
    change_form_template = "admin/catalog/bookidentifier/change_form.html"

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path(
                "<int:key>/move",
                wrap(MoveIdentifier.as_view(model_admin=self)),
                name="catalog_bookidentifier_move",
            ),
            *super().get_urls(),
        ]


class CurationActAdmin(log.CurationActAdmin):
    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path(
                "<int:key>/undo",
                wrap(UndoMerge.as_view(model_admin=self)),
                name="catalog_curationact_undo",
            ),
            *super().get_urls(),
        ]
