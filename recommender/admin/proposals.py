"""Searches for missing books at Open Library, and the curators' way to add a book."""

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.validators import RegexValidator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path
from django.utils.safestring import SafeString

from catalog.admin.typed import ModelAdmin
from catalog.services.additions import CannotAdd
from recommender.admin.parts import ReadOnly, change_link
from recommender.forms.proposals import ProposalForm
from recommender.models import Proposal
from recommender.services import proposals
from recommender.services.proposals import SearchTerms
from recsite.accounts.models import User


class CuratorProposalForm(ProposalForm):
    """A book to add; also by its number at Open Library."""

    work_key = forms.CharField(
        label="Number of the work at Open Library",
        required=False,
        max_length=20,
        validators=[RegexValidator(r"\AOL[0-9]{1,12}W\Z", "Such as OL45804W.")],
        help_text="Such as OL45804W; nothing else is needed then.",
    )

    def clean(self) -> dict[str, Any]:
        return self.cleaned_data if self.cleaned_data.get("work_key") else super().clean()


class ProposalAdmin(ReadOnly, ModelAdmin[Proposal]):
    """What was searched for and the result; who the readers are is not shown."""

    list_display = ("asked_at", "wanted", "author", "isbn13", "asked_by", "state", "book_page")
    list_display_links = ("wanted",)
    list_filter = ("state", "asked_at")
    list_select_related = ("curator", "book")
    search_fields = ("title", "author", "=isbn13", "=work_key", "book__title")
    date_hierarchy = "asked_at"
    fields = (
        "wanted",
        "title",
        "author",
        "isbn13",
        "edition_id",
        "work_key",
        "asked_by",
        "state",
        "problem",
        "found",
        "book_page",
        "searches",
        "asked_at",
        "created_at",
    )
    readonly_fields = ("wanted", "asked_by", "book_page", "found")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("look", wrap(self.search), name="recommender_proposal_look"),
            path("<uuid:key>/choose", wrap(self.choose), name="recommender_proposal_choose"),
            *super().get_urls(),
        ]

    @admin.display(description="what")
    def wanted(self, proposal: Proposal) -> str:
        return str(proposal)

    @admin.display(description="by")
    def asked_by(self, proposal: Proposal) -> str:
        return "a reader" if proposal.reader_id else str(proposal.curator or "a curator")

    @admin.display(description="book")
    def book_page(self, proposal: Proposal) -> SafeString | str:
        return change_link("catalog_book", proposal.book)

    @admin.display(description="found")
    def found(self, proposal: Proposal) -> str:
        works = proposals.works_of(proposal)
        return "; ".join(f"{work.title}, {', '.join(work.credited)}" for work in works) or "-"

    def search(self, request: HttpRequest) -> HttpResponse:
        """Search Open Library for the book to add."""
        user = _curator(request)
        form = CuratorProposalForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            proposal = proposals.propose_as_curator(curator=user, terms=SearchTerms(**form.terms()))
            return redirect("admin:recommender_proposal_choose", proposal.pk)
        context = self._context(request, "Add a book from Open Library") | {"form": form}
        template = "admin/recommender/proposal/search.html"
        return render(request, template, context, status=422 if form.errors else 200)

    def choose(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Wait for the result of the search, and add one of the works."""
        user, problem = _curator(request), ""
        proposal = get_object_or_404(Proposal, pk=key, curator=user)
        if request.method == "POST" and "again" in request.POST:
            proposal = proposals.search_again(proposal=proposal)
        elif request.method == "POST":
            try:
                chosen = proposals.choose(proposal=proposal, key=request.POST.get("work", ""))
            except (proposals.CannotChoose, CannotAdd) as error:
                problem = str(error)
            else:
                message = "Added." if chosen.is_new else "The catalog already had this book."
                messages.success(request, message)
                return redirect("admin:catalog_book_change", chosen.book.pk)
        context = self._context(request, f"Add “{proposal}” from Open Library")
        context |= {"proposal": proposal, "works": proposals.works_of(proposal)}
        context |= {"problem": problem, "is_stuck": proposals.is_stuck(proposal)}
        template = "admin/recommender/proposal/choose.html"
        return render(request, template, context, status=422 if problem else 200)

    def _context(self, request: HttpRequest, title: str) -> dict[str, Any]:
        return {**self.admin_site.each_context(request), "opts": self.opts, "title": title}


def _curator(request: HttpRequest) -> User:
    """The curator who makes the request; raises `PermissionDenied` for anybody else."""
    user = request.user
    if not isinstance(user, User) or not user.has_perm("catalog.add_book"):
        raise PermissionDenied
    return user
