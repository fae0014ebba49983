"""What is kept of a reader, what is fetched for them, and how to leave."""

from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from recommender.forms.account import DigestForm, LeaveForm, PaceForm, SharingForm
from recommender.models import ImportJob, Reader, Source
from recommender.selectors.goodreads import pull_is_on
from recommender.services import digests, imports, leaving, portable, readers
from recommender.services.refresh import next_refresh
from recommender.sources.base import SourceError
from recommender.views.access import reader_of
from recsite.accounts.models import User


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """Everything about the account on one page; POST keeps the choice."""
    reader = reader_of(request)
    if reader is None:
        if not request.user.is_authenticated:
            return redirect("account_login")
        reader = readers.open_library(user=request.user)
    form = PaceForm(request.POST or None, initial={"refresh_pace": reader.refresh_pace})
    if request.method == "POST" and form.is_valid():
        readers.choose_pace(reader=reader, **form.cleaned_data)
        messages.success(request, "Your choice is kept.")
        return redirect("account")
    digest = DigestForm(initial={"digest_pace": reader.digest_pace})
    sharing = SharingForm(initial={"agrees": reader.shares_ratings})
    context = {"form": form, "sharing": sharing, "reader": reader}
    context |= {"digest": digest, "site_url": settings.SITE_URL}
    context |= {"may_write": digests.address_of(reader) is not None}
    context |= _linked(reader) | _address(reader)
    return render(request, "recommender/account.html", context, status=422 if form.errors else 200)


@require_POST
def share(request: HttpRequest) -> HttpResponse:
    """Keep whether the reader's ratings may help others; guests are not asked."""
    reader = _reader(request)
    if reader.user_id is None:
        raise Http404
    form = SharingForm(request.POST)
    agrees = form.is_valid() and form.cleaned_data["agrees"]
    readers.share_ratings(reader=reader, agrees=agrees)
    messages.success(
        request,
        "Thank you. The next model learns from your ratings too."
        if agrees
        else "Your ratings are yours alone: the next model is made without them.",
    )
    return redirect("account")


@require_POST
def write(request: HttpRequest) -> HttpResponse:
    """Keep how often new books are written of; nobody is written to without an account."""
    reader = _reader(request)
    if reader.user_id is None:
        raise Http404
    form = DigestForm(request.POST)
    if form.is_valid():
        digests.choose(reader=reader, pace=form.cleaned_data["digest_pace"])
        messages.success(request, "Your choice is kept.")
    else:
        messages.error(request, "Choose how often, or never.")
    return redirect("account")


@require_POST
def refresh(request: HttpRequest) -> HttpResponse:
    """Look at the linked shelf now."""
    reader = _reader(request)
    linked = _linked(reader)["linked"]
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
    readers.unlink(reader=_reader(request), source=Source.GOODREADS)
    messages.success(
        request, "Goodreads is unlinked. Your books stay; nothing is fetched any more."
    )
    return redirect("account")


@never_cache
@require_safe
def data(request: HttpRequest) -> HttpResponse:
    """All that is kept of the reader, as a file."""
    content = portable.export(reader=_reader(request))
    name = f"bookfold-{timezone.now():%Y-%m-%d}.zip"
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
    """Say what goes, ask once more, and delete it."""
    reader = _reader(request)
    form = LeaveForm(request.POST or None, user=reader.user)
    if request.method == "POST" and form.is_valid():
        leaving.delete_reader(reader=reader)
        logout(request)
        messages.success(request, "Everything that was kept of you is deleted. Read well.")
        return redirect("landing")
    context = {
        "form": form,
        "books": reader.entries.count(),
        "lists": reader.runs.count(),
        "imports": reader.imports.count(),
    }
    template = "recommender/account_delete.html"
    return render(request, template, context, status=422 if form.errors else 200)


def _reader(request: HttpRequest) -> Reader:
    reader = reader_of(request)
    if reader is None:
        raise Http404
    return reader


def _linked(reader: Reader) -> dict[str, Any]:
    """The shelf at Goodreads that was pulled last, and what is known of it."""
    shelves = reader.shelves.filter(source=Source.GOODREADS).order_by("-pulled_at")
    linked = shelves.first()
    jobs = reader.imports.exclude(state=ImportJob.State.CANCELED)
    return {
        "linked": linked,
        "next_refresh": next_refresh(reader, linked) if linked else None,
        "fetched": reader.entries.filter(source=Source.GOODREADS).count(),
        "last_import": jobs.first(),
        "pull_is_on": pull_is_on(),
    }


def _address(reader: Reader) -> dict[str, Any]:
    user: User | None = reader.user
    address = EmailAddress.objects.filter(user=user, email=user.email).first() if user else None
    return {"address": user and user.email, "is_confirmed": bool(address and address.verified)}
