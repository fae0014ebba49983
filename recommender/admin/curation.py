"""Books, genres and identifiers in the admin, with what readers have of them.

Each act that moves things of readers is asked about first: a page says what it would do.
"""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils.safestring import SafeString

from catalog.admin import books, labels, log
from catalog.curation.acts import CannotCurate
from catalog.models import Book, BookIdentifier, CurationAct, Genre
from recommender.admin.parts import Counting, count_of
from recommender.models import Dismissal, Recommendation
from recommender.selectors.covers import book_cover
from recommender.services import merging, waiting
from recsite.accounts.models import User


class IntoBook(forms.Form):
    """Another book, by its number in the catalog."""

    into = forms.ModelChoiceField(
        Book.objects.standing(),
        widget=forms.NumberInput,
        label="Number of the other book",
        help_text="It stands in the address of the book's page.",
        error_messages={"invalid_choice": "No book that stands has this number."},
    )
    reason = forms.CharField(max_length=300, required=False, label="Reason")


class IntoGenre(forms.Form):
    """Another genre."""

    into = forms.ModelChoiceField(Genre.objects.all(), label="Into which genre")


class ReadersFilter(admin.SimpleListFilter):
    title = "what readers met"
    parameter_name = "readers"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        return (("offered", "most recommended"), ("dismissed", "most dismissed"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Book]) -> QuerySet[Book]:
        if self.value() == "offered":
            return queryset.filter(pk__in=Recommendation.objects.values("book"))
        if self.value() == "dismissed":
            return queryset.filter(pk__in=Dismissal.objects.standing().values("book"))
        return queryset


class BookAdmin(Counting, books.BookAdmin):
    list_display: tuple[Any, ...] = (
        "cover",
        *books.BookAdmin.list_display,
        "offered",
        "dismissed",
    )
    list_display_links = ("cover", "title")
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
            path("<int:key>/merge", wrap(self.merge), name="catalog_book_merge"),
            *super().get_urls(),
        ]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if not change:
            waiting.queue(book=form.instance)

    @admin.display(description="")
    def cover(self, book: Book) -> SafeString:
        return book_cover(book)

    @admin.display(description="offered", ordering="offered_count")
    def offered(self, book: Any) -> int:
        return int(book.offered_count)

    @admin.display(description="dismissed", ordering="dismissed_count")
    def dismissed(self, book: Any) -> int:
        return int(book.dismissed_count)

    def merge(self, request: HttpRequest, key: int) -> HttpResponse:
        """Choose the other book, see what would move, and merge."""
        book = get_object_or_404(Book.objects.for_cards(), pk=key)
        return _ask(
            self,
            request,
            form=IntoBook(request.POST or request.GET or None),
            title=f"Merge “{book}” into another book",
            template="admin/catalog/book/merge.html",
            look=lambda to: {"preview": merging.preview(book=book, into=to["into"]), "book": book},
            act=lambda to, user: merging.merge(book=book, user=user, **to),
            done="Merged. The old address leads to the other book; the log can undo it.",
        )


class GenreAdmin(labels.GenreAdmin):
    change_form_template = "admin/catalog/genre/change_form.html"

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Genres are merged: books and dismissals point to them, and a load makes them anew."""
        return False

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:key>/merge", wrap(self.merge), name="catalog_genre_merge"),
            *super().get_urls(),
        ]

    def merge(self, request: HttpRequest, key: int) -> HttpResponse:
        """Choose the other genre, and merge."""
        genre = get_object_or_404(Genre, pk=key)
        form = IntoGenre(request.POST or request.GET or None)
        return _ask(
            self,
            request,
            form=form,
            title=f"Merge the genre “{genre}” into another",
            template="admin/catalog/genre/merge.html",
            look=lambda to: {"genre": genre, "books": genre.shelvings.count()},
            act=lambda to, user: merging.merge_genre(genre=genre, user=user, **to),
            done="Merged. Later loads count its readers under the other genre.",
        )


class BookIdentifierAdmin(labels.BookIdentifierAdmin):
    change_form_template = "admin/catalog/bookidentifier/change_form.html"

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:key>/move", wrap(self.move), name="catalog_bookidentifier_move"),
            *super().get_urls(),
        ]

    def move(self, request: HttpRequest, key: int) -> HttpResponse:
        """Choose the book to which the identifier belongs, and move it there."""
        identifier = get_object_or_404(BookIdentifier.objects.select_related("book"), pk=key)
        return _ask(
            self,
            request,
            form=IntoBook(request.POST or request.GET or None),
            title=f"Let {identifier} lead to another book",
            template="admin/catalog/bookidentifier/move.html",
            look=lambda to: {
                "identifier": identifier,
                "lines": merging.lines_of(identifier=identifier, to=to["into"]).count(),
            },
            act=lambda to, user: merging.split(identifier=identifier, to=to["into"], user=user),
            done="Moved, with the lines of libraries that it brought.",
        )


class CurationActAdmin(log.CurationActAdmin):
    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:key>/undo", wrap(self.undo), name="catalog_curationact_undo"),
            *super().get_urls(),
        ]

    def undo(self, request: HttpRequest, key: int) -> HttpResponse:
        """Ask whether a merge is to be undone, and do it."""
        act = get_object_or_404(CurationAct, pk=key)
        return _ask(
            self,
            request,
            form=forms.Form(request.POST or {"act": key}),
            title=f"Undo the merge of “{act.subject}”",
            template="admin/catalog/curationact/undo.html",
            look=lambda to: {"act": act},
            act=lambda to, user: merging.undo(act=act, user=user),
            done="Undone: both books stand by themselves again.",
        )


def _ask(
    model_admin: Any,
    request: HttpRequest,
    *,
    form: forms.Form,
    title: str,
    template: str,
    look: Callable[[dict[str, Any]], dict[str, Any]],
    act: Callable[[dict[str, Any], User], Any],
    done: str,
) -> HttpResponse:
    """Show what an act would do for what was chosen in the form (GET), or do it (POST)."""
    user = cast("User", request.user)
    if not user.has_perm("catalog.change_book"):
        raise PermissionDenied
    context = {**model_admin.admin_site.each_context(request), "opts": model_admin.opts}
    context |= {"title": title, "form": form}
    if form.is_valid():
        try:
            if request.method == "POST":
                act(form.cleaned_data, user)
                messages.success(request, done)
                return redirect("admin:catalog_curationact_changelist")
            context |= {"chosen": form.cleaned_data, **look(form.cleaned_data)}
        except CannotCurate as error:
            form.add_error(None, str(error))
    return render(request, template, context, status=422 if form.errors else 200)
