"""Books that the catalog lacks: a reader searches Open Library and chooses the right one."""

from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from catalog.normalize import isbn13_of
from catalog.services.additions import CannotAdd
from recommender.forms.proposals import ProposalForm
from recommender.models import ImportJob, LibraryEntry, Proposal
from recommender.selectors.book_page import visible_books
from recommender.services import proposals
from recommender.services.proposals import SearchTerms
from recommender.views.access import own, reader_of, reader_or_new
from recommender.views.htmx import redirect_unless_post, wants_fragment

PROPOSALS = Proposal.objects.select_related("reader", "item", "entry", "book")
ENTRIES = LibraryEntry.objects.select_related("reader")
EARLIER_SHOWN = 20
LATE_AFTER_SECONDS = 10.0  # without an answer, the page then says why
ADDED = (
    "Added. You can rate it and keep it in your library. It is recommended from now on, by what it "
    "is about until enough readers have rated it."
)
KNOWN = "Our catalog already has this book."
LINE_UNCHANGED = (
    "The row you were searching for stays as it is: another entry of your library has the book, or "
    "the import has moved on."
)
State = Proposal.State


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def propose(request: HttpRequest) -> HttpResponse:
    """Search for a missing book (``?title=`` or ``?isbn=`` fills in the form); earlier searches."""
    if request.method != "POST":
        known = {name: request.GET.get(name, "") for name in ("title", "isbn")}
        return _form_page(request, ProposalForm(initial=known))
    form = ProposalForm(request.POST)
    if not form.is_valid():
        return _form_page(request, form)
    try:
        proposal = proposals.propose(
            reader=reader_or_new(request), terms=SearchTerms(**form.terms())
        )
    except proposals.CannotPropose as error:
        form.add_error(None, str(error))
        return _form_page(request, form)
    return redirect("proposal", proposal.pk)


def terms_of(query: str) -> str:
    """What a search for a book looked for, as the parameters of `propose`."""
    isbn = isbn13_of(query)
    return urlencode({"isbn": isbn} if isbn else {"title": query})


@require_POST
def propose_for_row(request: HttpRequest, job_id: UUID, item_id: int) -> HttpResponse:
    """Search for the book of an import's row."""
    job = own(request, ImportJob.objects, job_id)
    item = get_object_or_404(job.items.select_related("job__reader"), pk=item_id)
    try:
        proposal = proposals.propose_for_row(item=item)
    except proposals.CannotPropose as error:
        messages.error(request, str(error))
        return redirect("import-rows", job.pk)
    return redirect("proposal", proposal.pk)


@require_POST
def propose_for_entry(request: HttpRequest, entry_id: int) -> HttpResponse:
    """Search for the book of a library's entry."""
    try:
        proposal = proposals.propose_for_entry(entry=own(request, ENTRIES, entry_id))
    except proposals.CannotPropose as error:
        messages.error(request, str(error))
        return redirect("library")
    return redirect("proposal", proposal.pk)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def proposal(request: HttpRequest, proposal_id: UUID) -> HttpResponse:
    """The state of a search; htmx gets the part that changes. POST chooses one of the works."""
    shown = own(request, PROPOSALS, proposal_id)
    if request.method == "POST":
        return _choose(request, shown)
    seen = f"{shown.state}-{shown.searches}-{_is_late(shown)}-{proposals.is_stuck(shown)}"
    if wants_fragment(request) and request.GET.get("seen") == seen:
        return HttpResponse(status=204)
    return _page(request, shown, seen=seen)


@redirect_unless_post("proposal")
def again(request: HttpRequest, proposal_id: UUID) -> HttpResponse:
    """Search again, with what the form says."""
    shown = own(request, PROPOSALS, proposal_id)
    form = ProposalForm(request.POST)
    if not form.is_valid():
        return _page(request, shown, form=form)
    try:
        proposals.search_again(proposal=shown, terms=SearchTerms(**form.terms()))
    except proposals.CannotPropose as error:
        form.add_error(None, str(error))
        return _page(request, shown, form=form)
    return redirect("proposal", shown.pk)


def _choose(request: HttpRequest, shown: Proposal) -> HttpResponse:
    try:
        chosen = proposals.choose(proposal=shown, key=request.POST.get("work", ""))
    except (proposals.CannotChoose, CannotAdd) as error:
        return _page(request, shown, problem=str(error))
    messages.success(request, ADDED if chosen.is_new else KNOWN)
    if chosen.left_line:
        messages.warning(request, LINE_UNCHANGED)
    return redirect("proposal", shown.pk)


def _page(
    request: HttpRequest,
    shown: Proposal,
    *,
    form: ProposalForm | None = None,
    problem: str = "",
    seen: str = "",
) -> HttpResponse:
    is_refused = bool(problem or (form and form.errors))
    context = {
        "proposal": shown,
        "works": proposals.works_of(shown),
        "form": form or ProposalForm.of(shown),
        "problem": problem,
        "seen": seen,
        "is_late": _is_late(shown),
        "is_stuck": proposals.is_stuck(shown),
        "back": _back(shown),
    }
    if shown.book_id:
        visible = visible_books(reader=shown.reader, is_staff=False)
        context["book"] = visible.for_cards().filter(pk=shown.book_id).first()
    name = "recommender/_proposal.html" if wants_fragment(request) else "recommender/proposal.html"
    return render(request, name, context, status=422 if is_refused else 200)


def _form_page(request: HttpRequest, form: ProposalForm) -> HttpResponse:
    reader = reader_of(request)
    earlier = reader.proposals.select_related("book")[:EARLIER_SHOWN] if reader else []
    context = {"form": form, "earlier": earlier}
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "recommender/propose.html", context, status=status)


def _is_late(shown: Proposal) -> bool:
    waited = (timezone.now() - shown.asked_at).total_seconds()
    return shown.state == State.SEARCHING and waited > LATE_AFTER_SECONDS


def _back(shown: Proposal) -> tuple[str, str]:
    """The page from which the book was searched for: its address and its name."""
    if shown.item:
        return reverse("import-rows", args=[shown.item.job_id]), "Rows of this import"
    if shown.entry:
        return reverse("library"), "Your library"
    return reverse("propose"), "Missing books"
