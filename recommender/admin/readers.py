"""The admin of readers and what they have done here; history cannot be edited."""

from typing import Any, cast

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from catalog.admin.typed import ModelAdmin, TabularInline
from recommender.admin.parts import (
    NumberSelect,
    ReadOnly,
    WithCounts,
    change_link,
    count_of,
    list_link,
)
from recommender.models import (
    ImportItem,
    ImportJob,
    LibraryEntry,
    Reader,
    Recommendation,
    Run,
    SourceShelf,
)
from recommender.services import refresh
from recommender.sources.base import SourceError
from recsite.accounts.models import User


class GuestFilter(admin.SimpleListFilter):
    title = "account"
    parameter_name = "account"

    def lookups(self, request: HttpRequest, model_admin: Any) -> tuple[tuple[str, str], ...]:
        return (("yes", "with one"), ("no", "guest"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() in ("yes", "no"):
            return queryset.filter(user__isnull=self.value() == "no")
        return queryset


class SourceShelfInline(ReadOnly, TabularInline[SourceShelf, Reader]):
    model = SourceShelf
    can_delete = False
    extra = 0
    fields = ("source", "account", "shelf", "pulled_at", "shrunk_to")


class ReaderAdmin(WithCounts, ModelAdmin[Reader]):
    list_display = ("name", "library", "imports", "runs", "created_at", "last_seen_at")
    list_display_links = ("name",)
    list_filter = (GuestFilter, "shares_ratings", "last_seen_at")
    list_select_related = ("user",)
    search_fields = ("user__email", "=id", "=shelves__account")
    search_help_text = "Email address, number of the reader, or account at Goodreads."
    date_hierarchy = "created_at"
    ordering = ("-last_seen_at",)
    readonly_fields = (
        "user",
        "library",
        "imports",
        "runs",
        "created_at",
        "last_seen_at",
        "shares_ratings",
        "shares_since",
    )
    inlines = (SourceShelfInline,)
    actions = ("refresh_now",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return (
            super()
            .get_queryset(request)
            .select_related("user")
            .annotate(
                entry_count=count_of(LibraryEntry.objects.all(), "reader"),
                import_count=count_of(ImportJob.objects.all(), "reader"),
                run_count=count_of(Run.objects.all(), "reader"),
            )
        )

    @admin.action(description="Pull their linked shelves now")
    def refresh_now(self, request: HttpRequest, readers: QuerySet[Reader]) -> None:
        if not cast("User", request.user).has_perm("recommender.change_modelrelease"):
            raise PermissionDenied
        started = 0
        for reader in readers:
            try:
                if refresh.start_one(reader=reader):
                    started += 1
                    self.log_change(request, reader, "A pull of the linked shelf was started.")
            except SourceError as error:
                messages.warning(request, f"{reader}: {error}")
        messages.info(request, f"{started} linked shelves are being pulled.")

    @admin.display(description="reader", ordering="user__email")
    def name(self, reader: Reader) -> str:
        return str(reader)

    @admin.display(description="library", ordering="entry_count")
    def library(self, reader: Any) -> SafeString:
        return list_link("libraryentry_changelist", reader.entry_count, reader__id__exact=reader.pk)

    @admin.display(description="imports", ordering="import_count")
    def imports(self, reader: Any) -> SafeString:
        return list_link("importjob_changelist", reader.import_count, reader__id__exact=reader.pk)

    @admin.display(description="runs", ordering="run_count")
    def runs(self, reader: Any) -> SafeString:
        return list_link("run_changelist", reader.run_count, reader__id__exact=reader.pk)


class MatchedFilter(admin.SimpleListFilter):
    title = "match"
    parameter_name = "matched"

    def lookups(self, request: HttpRequest, model_admin: Any) -> tuple[tuple[str, str], ...]:
        return (("yes", "in the catalog"), ("no", "not in the catalog"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() in ("yes", "no"):
            return queryset.filter(book__isnull=self.value() == "no")
        return queryset


class LibraryEntryAdmin(ModelAdmin[LibraryEntry]):
    """An entry of a library: its book can be corrected, its stars are the reader's own."""

    list_display = ("title", "author", "stars", "shelf", "book", "reader", "source", "updated_at")
    list_filter = (MatchedFilter, "source", "shelf", "is_left_out", "stars")
    list_select_related = ("book", "reader__user")
    search_fields = ("title", "author", "=source_key", "reader__user__email")
    date_hierarchy = "updated_at"
    autocomplete_fields = ("book",)
    fields = (
        "reader",
        "title",
        "author",
        "book",
        "suggested_book",
        "is_suggestion_declined",
        "stars",
        "shelf",
        "is_left_out",
        "edited_fields",
        "source",
        "source_key",
        "added_on",
        "read_on",
        "updated_at",
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in self.autocomplete_fields:
            kwargs["widget"] = NumberSelect(db_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [name for name in self.fields if name != "book"]


class ImportJobAdmin(ReadOnly, WithCounts, ModelAdmin[ImportJob]):
    list_display = (
        "created_at",
        "reader",
        "kind",
        "origin",
        "state",
        "rows",
        "unmatched",
        "error_code",
        "attempts",
        "finished_at",
    )
    list_filter = ("state", "kind", "error_code", "created_at")
    list_select_related = ("reader__user",)
    search_fields = ("=id", "account", "filename", "reader__user__email")
    date_hierarchy = "created_at"
    ordering = ("-created_at",)
    fields = (
        "reader_page",
        "kind",
        "account",
        "filename",
        "shelf",
        "state",
        "error_code",
        "error_message",
        "rows",
        "unmatched",
        "pages_fetched",
        "attempts",
        "queued_at",
        "held_by",
        "held_until",
        "created_at",
        "finished_at",
        "run_page",
    )
    readonly_fields = ("reader_page", "run_page", "rows", "unmatched")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return (
            super()
            .get_queryset(request)
            .select_related("reader__user", "run")
            .annotate(
                item_count=count_of(ImportItem.objects.all(), "job"),
                unmatched_count=count_of(
                    ImportItem.objects.filter(state__in=ImportItem.WITHOUT_BOOK), "job"
                ),
            )
        )

    @admin.display(description="from")
    def origin(self, job: ImportJob) -> str:
        return job.account or job.filename or "-"

    @admin.display(description="rows", ordering="item_count")
    def rows(self, job: Any) -> SafeString:
        return list_link("importitem_changelist", job.item_count, job__id__exact=job.pk)

    @admin.display(description="without a book", ordering="unmatched_count")
    def unmatched(self, job: Any) -> SafeString:
        states = ",".join(ImportItem.WITHOUT_BOOK)
        return list_link(
            "importitem_changelist",
            job.unmatched_count,
            job__id__exact=job.pk,
            state__in=states,
        )

    @admin.display(description="reader")
    def reader_page(self, job: ImportJob) -> SafeString | str:
        return change_link("recommender_reader", job.reader)

    @admin.display(description="run")
    def run_page(self, job: ImportJob) -> SafeString | str:
        return change_link("recommender_run", job.run)


class ImportItemAdmin(ReadOnly, ModelAdmin[ImportItem]):
    list_display = ("title", "author", "state", "book", "stars", "shelf", "problem", "job", "line")
    list_filter = ("state", "shelf", "job__kind")
    list_select_related = ("book", "job")
    search_fields = ("title", "author", "=source_key", "=isbn13", "=edition_id")
    ordering = ("-pk",)  # the newest import first; ordering by its time would sort all rows

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        allowed = {"job__id__exact", "state__in"}
        return lookup in allowed or super().lookup_allowed(lookup, value, request)

    def get_ordering(self, request: HttpRequest) -> Any:
        """The rows of one import in the order of the file."""
        return ("position",) if "job__id__exact" in request.GET else self.ordering


class RecommendationInline(ReadOnly, TabularInline[Recommendation, Run]):
    model = Recommendation
    can_delete = False
    extra = 0
    fields = ("rank", "book_page", "score_shown", "stars_shown", "because")
    readonly_fields = ("book_page", "score_shown", "stars_shown", "because")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Recommendation]:
        return super().get_queryset(request).select_related("book")

    @admin.display(description="book")
    def book_page(self, recommendation: Recommendation) -> SafeString | str:
        return change_link("catalog_book", recommendation.book)

    @admin.display(description="score")
    def score_shown(self, recommendation: Recommendation) -> str:
        return f"{recommendation.score:.3f}"

    @admin.display(description="stars expected")
    def stars_shown(self, recommendation: Recommendation) -> str:
        stars = recommendation.expected_stars
        return "-" if stars is None else f"{stars:.1f}"

    @admin.display(description="because of")
    def because(self, recommendation: Recommendation) -> str:
        return ", ".join(str(reason.get("title", "")) for reason in recommendation.reasons) or "-"


class RunAdmin(ReadOnly, WithCounts, ModelAdmin[Run]):
    list_display = ("created_at", "reader", "release", "ranker", "library_size", "places")
    list_filter = ("ranker", "created_at", "release")
    list_select_related = ("reader__user", "release")
    search_fields = ("=id", "reader__user__email", "release__version")
    date_hierarchy = "created_at"
    ordering = ("-created_at",)
    inlines = (RecommendationInline,)
    fields = (
        "id",
        "reader_page",
        "release_page",
        "ranker",
        "parameters",
        "ratings_used",
        "library_size",
        "created_at",
    )
    readonly_fields = ("reader_page", "release_page")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return (
            super()
            .get_queryset(request)
            .select_related("reader__user", "release")
            .annotate(place_count=count_of(Recommendation.objects.all(), "run"))
        )

    @admin.display(description="recommendations", ordering="place_count")
    def places(self, run: Any) -> int:
        return int(run.place_count)

    @admin.display(description="reader")
    def reader_page(self, run: Run) -> SafeString | str:
        return change_link("recommender_reader", run.reader)

    @admin.display(description="release")
    def release_page(self, run: Run) -> SafeString | str:
        return change_link("recommender_modelrelease", run.release)
