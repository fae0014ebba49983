"""The admin of releases: what there is, how good each is, and which one is in use."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from catalog.admin.typed import ModelAdmin
from recommender.admin.parts import ReadOnly, count_of, list_link
from recommender.engine.manifest import ReleaseError
from recommender.engine.store import StoreError
from recommender.models import ModelRelease, Run
from recommender.selectors.quality import bias_plot, default_figures, quality_of, size_plot
from recommender.services import releases
from recsite.accounts.models import User

CHANGE = "recommender.change_modelrelease"


class PromoteForm(forms.Form):
    """Whether to use a release although the gate refused it."""

    all_the_same = forms.BooleanField(
        required=False, label="The gate refused it; put it in use anyway"
    )


class ModelReleaseAdmin(ReadOnly, ModelAdmin[ModelRelease]):
    list_display = (
        "version",
        "is_active",
        "dataset",
        "is_simulated",
        "accuracy",
        "popularity",
        "coverage",
        "sizes",
        "run_list",
        "built_at",
        "choose",
    )
    list_filter = ("is_active", "is_simulated", "dataset", "default_ranker")
    search_fields = ("version", "dataset", "manifest_sha256")
    date_hierarchy = "built_at"
    ordering = ("-built_at",)
    fields = (
        "version",
        "is_active",
        "dataset",
        "is_simulated",
        "sizes",
        "own_sizes",
        "built_at",
        "recorded_at",
        "pruned_at",
        "run_list",
        "quality",
        "settings_used",
        "manifest_sha256",
    )
    readonly_fields = ("sizes", "own_sizes", "run_list", "quality", "settings_used")
    change_list_template = "admin/recommender/modelrelease/change_list.html"

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        runs = count_of(Run.objects.all(), "release")
        return super().get_queryset(request).annotate(run_count=runs)

    def get_list_display(self, request: HttpRequest) -> Any:
        shown = super().get_list_display(request)
        return shown if request.user.has_perm(CHANGE) else [n for n in shown if n != "choose"]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        context = {"may_change_release": request.user.has_perm(CHANGE), **(extra_context or {})}
        return super().changelist_view(request, context)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("look", wrap(self.record_all), name="recommender_modelrelease_look"),
            path("roll-back", wrap(self.roll_back), name="recommender_modelrelease_roll_back"),
            path("<int:key>/promote", wrap(self.promote), name="recommender_modelrelease_promote"),
            *super().get_urls(),
        ]

    @admin.display(description="learned from", ordering="ratings")
    def sizes(self, release: ModelRelease) -> str:
        readers = f"{release.ratings:,} ratings by {release.readers:,} readers"
        return f"{readers}, {release.books:,} books"

    @admin.display(description="of this site")
    def own_sizes(self, release: ModelRelease) -> str:
        return f"{release.own_ratings:,} ratings by {release.own_readers:,} readers"

    @admin.display(description="saved lists", ordering="run_count")
    def run_list(self, release: Any) -> SafeString:
        return list_link("run_changelist", release.run_count, release__id__exact=release.pk)

    @admin.display(description="quality on held-out readers")
    def quality(self, release: ModelRelease) -> SafeString | str:
        quality = quality_of(release=release)
        if quality is None:
            return "Not measured."
        sizes = size_plot(quality) if quality.measured_by_size else None
        context = {"quality": quality, "bias": bias_plot(quality), "sizes": sizes}
        return render_to_string("admin/recommender/modelrelease/_quality.html", context)

    @admin.display(description="settings")
    def settings_used(self, release: ModelRelease) -> SafeString | str:
        rows = list(_flat(release.hyper_parameters))
        context = {"rows": rows, "ranker": release.default_ranker}
        return render_to_string("admin/recommender/modelrelease/_settings.html", context)

    @admin.display(description="NDCG@100")
    def accuracy(self, release: ModelRelease) -> str:
        figures = default_figures(release=release)
        return f"{figures.accuracy:.3f}" if figures else "-"

    @admin.display(description="popularity of picks")
    def popularity(self, release: ModelRelease) -> str:
        figures = default_figures(release=release)
        return f"{figures.popularity:.3f}" if figures else "-"

    @admin.display(description="coverage@10")
    def coverage(self, release: ModelRelease) -> str:
        figures = default_figures(release=release)
        return f"{figures.coverage:.3f}" if figures else "-"

    @admin.display(description="use")
    def choose(self, release: ModelRelease) -> SafeString | str:
        if release.is_active:
            return "in use"
        if release.pruned_at:
            return "no longer kept"
        address = reverse("admin:recommender_modelrelease_promote", args=[release.pk])
        return format_html('<a href="{}">Put in use…</a>', address)

    def record_all(self, request: HttpRequest) -> HttpResponse:
        """Add the store's releases that are not in the list yet."""
        _check_permission(request)
        if request.method == "POST":
            try:
                releases.record_all()
            except StoreError as error:
                messages.error(request, f"The store can't be read: {error}")
            else:
                messages.success(request, "The list now has every release in the store.")
        return _to_list()

    def promote(self, request: HttpRequest, key: int) -> HttpResponse:
        """Ask whether to put a release in use, and do it."""
        _check_permission(request)
        release = get_object_or_404(ModelRelease, pk=key)
        before = ModelRelease.objects.filter(is_active=True).first()
        form = PromoteForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            wanted = form.cleaned_data["all_the_same"]
            try:
                releases.promote(version=release.version, despite_gate=wanted)
            except (ReleaseError, StoreError) as error:
                messages.error(request, str(error))
            else:
                self._report(request, release, before, "Put in use")
                return _to_list()
        try:
            gate = releases.gate_verdict(release.version)
        except (ReleaseError, StoreError) as error:
            messages.error(request, f"{release.version} can't be put in use: {error}")
            return _to_list()
        title = f"Put release {release.version} in use?"
        return self._confirm_page(
            request, title=title, release=release, before=before, gate=gate, form=form
        )

    def roll_back(self, request: HttpRequest) -> HttpResponse:
        """Ask whether to go back to the previous release, and do it."""
        _check_permission(request)
        before = ModelRelease.objects.filter(is_active=True).first()
        if request.method == "POST":
            try:
                release = releases.roll_back()
            except (ReleaseError, StoreError) as error:
                messages.error(request, f"{error} Nothing was changed.")
            else:
                self._report(request, release, before, "Went back to it")
            return _to_list()
        return self._confirm_page(request, title="Go back to the previous release?", before=before)

    def _confirm_page(self, request: HttpRequest, **context: Any) -> HttpResponse:
        context |= {**self.admin_site.each_context(request), "opts": self.opts}
        if release := context.get("release"):
            pair = [("in use now", context["before"]), ("would be in use", release)]
            context["compared"] = [
                (what, row, default_figures(release=row)) for what, row in pair if row
            ]
        return render(request, "admin/recommender/modelrelease/confirm.html", context)

    def _report(
        self, request: HttpRequest, release: ModelRelease, before: ModelRelease | None, did: str
    ) -> None:
        instead = f" instead of {before.version}" if before and before != release else ""
        self.log_change(request, cast("Any", release), f"{did}{instead}.")
        messages.success(
            request,
            f"Release {release.version} is in use{instead}. Running processes follow within a "
            "minute; saved lists stay as they are.",
        )


def _flat(values: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Nested settings as lines, such as `factors, alpha`."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{name}, ")
        else:
            yield f"{above}{name}", value


def _check_permission(request: HttpRequest) -> None:
    if not cast("User", request.user).has_perm(CHANGE):
        raise PermissionDenied


def _to_list() -> HttpResponse:
    return redirect("admin:recommender_modelrelease_changelist")
