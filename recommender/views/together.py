"""Reading together: groups, their invitations, and one list for all members."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from recommender.engine.release import NoRelease
from recommender.forms.groups import GuestNameForm, InvitationForm, NameForm, SwitchForm
from recommender.models import GroupMember, Reader, ReadingGroup
from recommender.selectors.together import joint_list
from recommender.services import groups, shared_browser
from recommender.services.groups import MOST_MEMBERS, CannotJoin
from recommender.views.access import reader_of, reader_or_404, reader_or_new
from recommender.views.htmx import redirect_unless_post
from recsite.accounts.limits import check_new_guest


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def together(request: HttpRequest) -> HttpResponse:
    """The reader's groups; POST begins one."""
    form = NameForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            group = groups.begin(reader=reader_or_new(request), name=form.cleaned_data["name"])
            return redirect("group", group.pk)
        except CannotJoin as error:
            form.add_error("name", str(error))
    reader = reader_of(request)
    own = ReadingGroup.objects.filter(members__reader=reader) if reader else None
    context = {
        "form": form,
        "groups": own.prefetch_related("members") if own is not None else [],
        "reader": reader,
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "recommender/together.html", context, status=status)


@never_cache
@require_safe
def group(request: HttpRequest, group_id: UUID) -> HttpResponse:
    """The members of a group and their list."""
    reader = reader_or_404(request)
    return _show(request, reader, _own_group(reader, group_id), GuestNameForm())


def _show(
    request: HttpRequest, reader: Reader, found: ReadingGroup, form: GuestNameForm
) -> HttpResponse:
    members = list(found.members.select_related("reader"))
    context: dict[str, Any] = {
        "group": found,
        "members": members,
        "form": form if reader.user_id is None and len(members) < MOST_MEMBERS else None,
    }
    if found.invite_token:
        link = reverse("group-join", args=[found.invite_token])
        context["invite_at"] = request.build_absolute_uri(link)
    try:
        context["joint"] = joint_list(members=members)
    except NoRelease as error:
        context["problem"] = str(error)
    status = 422 if form.errors else 200
    return render(request, "recommender/group.html", context, status=status)


@never_cache
@redirect_unless_post("group")
def begin_beside(request: HttpRequest, group_id: UUID) -> HttpResponse:
    """Begin a library for somebody at the same browser; guests alone share one."""
    reader = reader_or_404(request)
    if reader.user_id is not None:
        raise Http404
    found = _own_group(reader, group_id)
    form = GuestNameForm(request.POST)
    if form.is_valid():
        name = form.cleaned_data["name"]
        check_new_guest(request)
        try:
            shared_browser.begin(session=request.session, group=found, reader=reader, name=name)
        except CannotJoin as error:
            form.add_error("name", str(error))
        else:
            messages.success(
                request, f"This is {name}’s library, still empty. Add {name}’s books or rate a few."
            )
            return redirect("landing")
    return _show(request, reader, found, form)


@require_POST
def switch(request: HttpRequest) -> HttpResponse:
    """Show another of the libraries in this browser, to read in it or to delete it."""
    form = SwitchForm(request.POST, numbers=shared_browser.numbers_here(request.session))
    if request.user.is_authenticated or not form.is_valid():
        raise Http404
    shared_browser.show(session=request.session, number=form.cleaned_data["library"])
    reader = reader_or_404(request)
    if form.cleaned_data["then"]:
        return redirect("account-delete")
    return redirect("recommendations" if reader.entries.exists() else "landing")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Who invites, and what the others will see; POST accepts."""
    found = get_object_or_404(ReadingGroup.objects.prefetch_related("members"), invite_token=token)
    reader = reader_of(request)
    members = list(found.members.all())
    if not members:
        raise Http404
    if request.method != "POST" and reader and reader.pk in {one.reader_id for one in members}:
        return redirect("group", found.pk)
    form = NameForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            name = form.cleaned_data["name"]
            groups.join(group=found, reader=reader_or_new(request), name=name)
            return redirect("group", found.pk)
        except CannotJoin as error:
            form.add_error("name", str(error))
    context = {
        "form": form,
        "members": members,
        "token": token,
        "books": reader.entries.count() if reader else 0,
    }
    status = 422 if request.method == "POST" else 200
    answer = render(request, "recommender/group_join.html", context, status=status)
    answer["X-Robots-Tag"] = "noindex"
    return answer


@require_POST
def leave(request: HttpRequest, group_id: UUID) -> HttpResponse:
    """Leave a group at once."""
    reader = reader_or_404(request)
    groups.leave(group=_own_group(reader, group_id), reader=reader)
    messages.success(
        request, "You have left. The others will no longer see anything of your books."
    )
    return redirect("together")


@require_POST
def invitation(request: HttpRequest, group_id: UUID) -> HttpResponse:
    """Give the invitation a new link, or end it."""
    found = _own_group(reader_or_404(request), group_id)
    form = InvitationForm(request.POST)
    if not form.is_valid():
        messages.error(request, "That did not work. Please try again.")
    elif form.cleaned_data["what"] == "renew":
        groups.open_invitation(group=found)
        messages.success(request, "Here is a new link. Any older one no longer works.")
    else:
        groups.end_invitation(group=found)
        messages.success(request, "Nobody else can join any more.")
    return redirect("group", found.pk)


def _own_group(reader: Reader, group_id: UUID) -> ReadingGroup:
    """A group that the reader is in; others do not exist."""
    own = GroupMember.objects.filter(reader=reader, group=group_id).select_related("group")
    return get_object_or_404(own).group
