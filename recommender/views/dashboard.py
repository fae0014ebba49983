"""The operator's page in the admin."""

from typing import cast

from django.contrib import admin, messages
from django.contrib.admin.views.decorators import staff_member_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from recommender.selectors.dashboard import dashboard_figures
from recommender.services import refresh
from recommender.views.htmx import wants_fragment
from recsite.accounts.models import User

MAY_SEE = ("recommender.view_modelrelease", "recommender.view_importjob")
MAY_START = "recommender.change_modelrelease"


@never_cache
@staff_member_required
@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """Everything at a glance; htmx renews only the figures."""
    user = cast("User", request.user)
    if not user.has_perms(MAY_SEE):
        raise PermissionDenied
    context = dashboard_figures() | {"may_start": user.has_perm(MAY_START)}
    if wants_fragment(request):
        return render(request, "admin/recommender/_dashboard.html", context)
    context |= admin.site.each_context(request) | {"title": "Dashboard"}
    return render(request, "admin/recommender/dashboard.html", context)


@staff_member_required
@require_POST
def refresh_all(request: HttpRequest) -> HttpResponse:
    """Have all linked shelves pulled, due or not."""
    user = cast("User", request.user)
    if not user.has_perm(MAY_START):
        raise PermissionDenied
    number = refresh.queue_all(asked_by=user)
    messages.success(request, f"{number} linked shelves will be pulled, one request at a time.")
    return redirect("admin-dashboard")
