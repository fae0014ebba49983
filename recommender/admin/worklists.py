"""What curators work through, one after the other, each act with a key of its own."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views import View

from catalog.admin.bulk import LanguageForm
from catalog.admin.typed import ModelAdmin
from catalog.curation import acts, bulk_edits, duplicates
from catalog.curation.acts import CannotCurate
from catalog.models import Book, BookQuerySet, FoundWork
from catalog.services import found_works
from catalog.services.additions import CannotAdd
from recommender.selectors.covers import book_cover
from recommender.services import look_ups, merging
from recsite.accounts.models import User

#: Offered as keys, the most frequent first; others are typed.
LANGUAGES = ("eng", "spa", "fra", "deu", "ita", "por", "rus", "jpn", "zho")


class Worklist(View, ABC):
    """The next thing to decide (GET), and what was decided of it (POST), which leads to the next.

    `skip` says how many were passed over.
    """

    model_admin: ModelAdmin[Any] | None = None
    name: ClassVar[str]
    title: ClassVar[str]
    template_name: ClassVar[str]
    permission: ClassVar[str] = "catalog.change_book"

    @staticmethod
    @abstractmethod
    def count() -> int:
        """How many wait."""

    @abstractmethod
    def next(self, skip: int) -> dict[str, Any] | None:
        """What the page shows of the next one; None if there is none."""

    @abstractmethod
    def decide(self, what: str, user: User) -> str:
        """Do what was decided, and return the message. May raise `CannotCurate`."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.has_perm(self.permission):
            raise PermissionDenied
        self.skip = SkipForm.skipped(request)
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        admin = cast("ModelAdmin[Any]", self.model_admin)
        context = {
            **admin.admin_site.each_context(request),
            "opts": admin.opts,
            "title": self.title,
            "count": self.count(),
            "skip": self.skip,
            "passed_over": f"?skip={self.skip + 1}",
            "lists": lists(request),
            **(self.next(self.skip) or {"is_done": True}),
        }
        return render(request, self.template_name, context)

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            done = self.decide(request.POST.get("act", ""), cast("User", request.user))
        except (CannotCurate, CannotAdd) as error:
            messages.error(request, str(error))
        else:
            messages.success(request, done)
        address = reverse(f"admin:{self.name}")
        return redirect(f"{address}?skip={self.skip}" if self.skip else address)

    def _row(self, field: str, rows: QuerySet[Any]) -> Any:
        """The row that a form names, if it is still there to be decided on."""
        number = self.request.POST.get(field, "")
        row = rows.filter(pk=number).first() if number.isdecimal() and len(number) < 19 else None
        if row is None:
            raise CannotCurate("Somebody else has decided this in the meantime.")
        return row


class SkipForm(forms.Form):
    """How many were passed over."""

    skip = forms.IntegerField(min_value=0, max_value=1_000_000, required=False)

    @classmethod
    def skipped(cls, request: HttpRequest) -> int:
        form = cls(request.GET)
        return int(form.cleaned_data["skip"] or 0) if form.is_valid() else 0


class WithoutLanguage(Worklist):
    """Books without a language, the best known first."""

    name = "catalog_book_work_language"
    title = "Books without a language"
    template_name = "admin/catalog/work/language.html"

    @staticmethod
    def _books() -> BookQuerySet:
        return Book.objects.active().filter(language="").order_by("-ratings_count", "pk")

    @staticmethod
    def count() -> int:
        return WithoutLanguage._books().count()

    def next(self, skip: int) -> dict[str, Any] | None:
        book = self._books().for_cards()[skip : skip + 1].first()
        keys = list(enumerate(LANGUAGES, start=1))
        return {"book": book, "cover": book_cover(book=book), "languages": keys} if book else None

    def decide(self, what: str, user: User) -> str:
        book = self._row("book", self._books())
        if what == "hide":
            reason = self.request.POST.get("reason", "")
            acts.hide(book_ids=[book.pk], reason=reason, user=user)
            return f"“{book.title}” is hidden."
        form = LanguageForm({"language": what or self.request.POST.get("language", "")})
        if not form.is_valid():
            raise CannotCurate(form.errors["language"][0])
        language = form.cleaned_data["language"]
        bulk_edits.set_values(book_ids=[book.pk], values={"language": language}, user=user)
        return f"“{book.title}”: {language}."


class ProbableDuplicates(Worklist):
    """Pairs of books that are probably one work, side by side."""

    name = "catalog_book_work_doubles"
    title = "Probable duplicates"
    template_name = "admin/catalog/work/duplicates.html"

    @staticmethod
    def count() -> int:
        return duplicates.count()

    def next(self, skip: int) -> dict[str, Any] | None:
        pair = duplicates.next_pair(skip=skip)
        if pair is None:
            return None
        sides = [
            {"book": book, "cover": book_cover(book=book), "numbers": book.identifiers.count()}
            for book in pair
        ]
        return {"sides": sides, "left": pair[0], "right": pair[1]}

    def decide(self, what: str, user: User) -> str:
        left = self._row("left", Book.objects.standing())
        right = self._row("right", Book.objects.standing())
        reason = "The same work, compared side by side."
        match what:
            case "left":
                merging.merge(book=right, into=left, reason=reason, user=user)
            case "right":
                merging.merge(book=left, into=right, reason=reason, user=user)
            case "apart":
                duplicates.keep_apart(book=left, other=right, user=user)
                return f"“{left.title}” and “{right.title}” are kept apart."
            case _:
                raise CannotCurate("Nothing was decided.")
        return f"“{left.title}” is one book now. You can undo this in the log."


class FoundWorks(Worklist):
    """Works of Open Library that wait to be added or declined, the most shelved first."""

    name = "catalog_book_work_found"
    title = "Found works"
    template_name = "admin/catalog/work/found.html"
    permission = "catalog.add_book"

    @staticmethod
    def _works() -> QuerySet[FoundWork]:
        return FoundWork.objects.filter(state=FoundWork.State.WAITING)

    @staticmethod
    def count() -> int:
        return FoundWorks._works().count()

    def next(self, skip: int) -> dict[str, Any] | None:
        found = self._works()[skip : skip + 1].first()
        return {"found": found} if found else None

    def decide(self, what: str, user: User) -> str:
        found = self._row("found", self._works())
        match what:
            case "add":
                look_ups.add_found(found=found, user=user)
                return f"“{found.title}” is added."
            case "decline":
                found_works.decline(found_ids=[found.pk])
                return f"“{found.title}” is declined."
        raise CannotCurate("Nothing was decided.")


WORKLISTS: tuple[type[Worklist], ...] = (WithoutLanguage, ProbableDuplicates, FoundWorks)


def lists(request: HttpRequest) -> list[tuple[str, str, int]]:
    """The worklists of this curator: address, title, and how many wait."""
    return [
        (reverse(f"admin:{one.name}"), one.title, one.count())
        for one in WORKLISTS
        if request.user.has_perm(one.permission)
    ]
