"""What we store about a reader, what we fetch for them, and how to delete it all."""

from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from recommender.forms.account import (
    DeleteForm,
    DigestPaceForm,
    FinderForm,
    LookUpForm,
    RefreshPaceForm,
    SharingForm,
    TimeZoneForm,
)
from recommender.forms.saved_lists import FeedForm
from recommender.models import ImportJob, Reader, Source
from recommender.selectors.data_export import export_data
from recommender.selectors.goodreads import pull_is_on
from recommender.services import (
    digests,
    imports,
    leaving,
    look_ups,
    readers,
    saved_lists,
    shared_browser,
)
from recommender.services.refresh import next_refresh
from recommender.shelves import Shelf
from recommender.sources.base import SourceError
from recommender.views.access import reader_of, reader_or_404
from recommender.views.htmx import redirect_unless_post
from recsite.accounts.models import User


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """The account page; POST saves how often the linked shelf is fetched."""
    reader = reader_of(request)
    if reader is None:
        if not request.user.is_authenticated:
            return redirect("account_login")
        reader = readers.open_library(user=request.user)
    form = RefreshPaceForm(request.POST or None, initial={"refresh_pace": reader.refresh_pace})
    if request.method == "POST" and form.is_valid():
        readers.choose_refresh_pace(reader=reader, **form.cleaned_data)
        messages.success(request, "Your choice is saved.")
        return redirect("account")
    return _show(request, reader, form=form)


def _show(
    request: HttpRequest,
    reader: Reader,
    *,
    form: RefreshPaceForm | None = None,
    finder_form: FinderForm | None = None,
) -> HttpResponse:
    """The account page; forms that were wrong are shown again."""
    finder_form = finder_form or FinderForm(initial={"finder_url": reader.finder_url})
    form = form or RefreshPaceForm(initial={"refresh_pace": reader.refresh_pace})
    context = {
        "form": form,
        "finder_form": finder_form,
        "reader": reader,
        "sharing_form": SharingForm(initial={"agrees": reader.shares_ratings}),
        "look_up_form": LookUpForm(initial={"looks_up": reader.looks_up_books}),
        "looks_up_is_on": look_ups.is_on(),
        "time_zone_form": TimeZoneForm(initial={"time_zone": reader.time_zone}),
        "digest_form": DigestPaceForm(initial={"digest_pace": reader.digest_pace}),
        "can_have_digests": digests.address_of(reader) is not None,
        "site_url": settings.SITE_URL,
        "feed_at": reader.feed_token
        and request.build_absolute_uri(reverse("lists-feed", args=[reader.feed_token])),
        **_linked_shelf(reader),
        **_email_address(reader),
    }
    status = 422 if form.errors or finder_form.errors else 200
    return render(request, "recommender/account.html", context, status=status)


@require_POST
def share_ratings(request: HttpRequest) -> HttpResponse:
    """Save whether the next model may learn from the reader's ratings; guests are not asked."""
    reader = _reader_with_account_or_404(request)
    form = SharingForm(request.POST)
    agrees = form.is_valid() and form.cleaned_data["agrees"]
    readers.share_ratings(reader=reader, agrees=agrees)
    messages.success(
        request,
        "Thank you. The next model will learn from your ratings too."
        if agrees
        else "Your ratings stay private: the next model will be built without them.",
    )
    return redirect("account")


@require_POST
def choose_digest_pace(request: HttpRequest) -> HttpResponse:
    """Save how often the reader gets an email with new books; guests get none."""
    reader = _reader_with_account_or_404(request)
    form = DigestPaceForm(request.POST)
    if form.is_valid():
        digests.choose_pace(reader=reader, pace=form.cleaned_data["digest_pace"])
        messages.success(request, "Your choice is saved.")
    else:
        messages.error(request, "Choose how often, or never.")
    return redirect("account")


@require_POST
def look_up(request: HttpRequest) -> HttpResponse:
    """Save whether books that we do not know are looked for at Open Library."""
    reader = reader_or_404(request)
    form = LookUpForm(request.POST)
    looks_up = form.is_valid() and form.cleaned_data["looks_up"]
    look_ups.choose(reader=reader, looks_up=looks_up)
    messages.success(
        request,
        "We look for your books in the background; your library shows what we find."
        if looks_up
        else "We no longer look for your books. What was found stays.",
    )
    return redirect("account")


@redirect_unless_post("account")
def finder(request: HttpRequest) -> HttpResponse:
    """Save where the reader looks for a book."""
    reader = reader_or_404(request)
    form = FinderForm(request.POST)
    if not form.is_valid():
        return _show(request, reader, finder_form=form)
    readers.choose_finder(reader=reader, **form.cleaned_data)
    messages.success(request, "Your choice is saved.")
    return redirect(f"{reverse('account')}#finder")


@require_POST
def feed(request: HttpRequest) -> HttpResponse:
    """Give the feed of the reader's lists a new address, or end it; guests have none."""
    reader = _reader_with_account_or_404(request)
    form = FeedForm(request.POST)
    if not form.is_valid():
        messages.error(request, "That did not work. Please try again.")
    elif form.cleaned_data["what"] == "renew":
        saved_lists.renew_feed(reader=reader)
        messages.success(request, "Your feed has a new address. Any older one no longer works.")
    else:
        saved_lists.end_feed(reader=reader)
        messages.success(request, "The feed has ended.")
    return redirect(f"{reverse('account')}#feed")


@require_POST
def choose_time_zone(request: HttpRequest) -> HttpResponse:
    """Save in which zone days and times are shown."""
    reader = reader_or_404(request)
    form = TimeZoneForm(request.POST)
    if form.is_valid():
        readers.choose_time_zone(reader=reader, **form.cleaned_data)
        messages.success(request, "Your choice is saved.")
    else:
        messages.error(request, "Choose one of the time zones.")
    return redirect("account")


@require_POST
def refresh(request: HttpRequest) -> HttpResponse:
    """Fetch the linked shelf now."""
    reader = reader_or_404(request)
    linked = _linked_shelf(reader)["linked"]
    if linked is None:
        raise Http404
    try:
        job = imports.start_pull(reader=reader, text=linked.account)
    except SourceError as error:
        messages.error(request, str(error))
        return redirect("account")
    return redirect("import", job.pk)


@require_POST
def unlink(request: HttpRequest) -> HttpResponse:
    """Forget whose shelf it was; the books stay."""
    readers.unlink(reader=reader_or_404(request), source=Source.GOODREADS)
    messages.success(request, "Goodreads is unlinked. Your books stay; nothing more is fetched.")
    return redirect("account")


@never_cache
@require_safe
def data(request: HttpRequest) -> HttpResponse:
    """Everything we store about the reader, as a ZIP file."""
    content = export_data(reader=reader_or_404(request))
    name = f"bookfold-{timezone.localdate():%Y-%m-%d}.zip"
    return HttpResponse(
        content,
        headers={
            "Content-Type": "application/zip",
            "Content-Disposition": f'attachment; filename="{name}"',
        },
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def delete(request: HttpRequest) -> HttpResponse:
    """Say what will be deleted, ask for confirmation, and delete it."""
    reader = reader_or_404(request)
    form = DeleteForm(request.POST or None, user=reader.user)
    if request.method == "POST" and form.is_valid():
        leaving.delete_reader(reader=reader)
        shared_browser.forget(session=request.session, number=reader.pk)
        shared_browser.log_out(request)
        messages.success(request, "Everything we stored about you is deleted. Happy reading.")
        return redirect("landing")
    context = {
        "form": form,
        "books": reader.entries.count(),
        "lists": reader.runs.count(),
        "imports": reader.imports.count(),
    }
    template = "recommender/account_delete.html"
    return render(request, template, context, status=422 if form.errors else 200)


def _reader_with_account_or_404(request: HttpRequest) -> Reader:
    reader = reader_or_404(request)
    if reader.user_id is None:
        raise Http404
    return reader


def _linked_shelf(reader: Reader) -> dict[str, Any]:
    """The Goodreads shelf that was fetched last, and when it was and will be fetched."""
    shelves = reader.shelves.filter(source=Source.GOODREADS, shelf=Shelf.READ)
    linked = shelves.order_by("-pulled_at").first()
    jobs = reader.imports.exclude(state=ImportJob.State.CANCELED)
    return {
        "linked": linked,
        "next_refresh": next_refresh(reader, linked) if linked else None,
        "fetched": reader.entries.filter(source=Source.GOODREADS).count(),
        "last_import": jobs.first(),
        "pull_is_on": pull_is_on(),
    }


def _email_address(reader: Reader) -> dict[str, Any]:
    user: User | None = reader.user
    address = EmailAddress.objects.filter(user=user, email=user.email).first() if user else None
    return {"address": user and user.email, "is_confirmed": bool(address and address.verified)}
