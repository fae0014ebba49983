"""Export of curated fields as CSV, and their import after a preview, in the admin."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.template.defaultfilters import filesizeformat, pluralize
from django.urls import URLPattern, path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from catalog.admin.typed import ModelAdmin
from catalog.curation import cells, csv_edits
from catalog.curation.bulk_edits import MAX_BOOKS
from catalog.curation.csv_format import COLUMNS, MAX_LINES
from catalog.models import Book, StagedEdits
from recsite.accounts.models import User

BOOKS_PER_PAGE = 50
FILENAME = "bookfold-books.csv"


class CsvForm(forms.Form):
    """The upload of a CSV file."""

    file = forms.FileField(
        label="CSV file", widget=forms.FileInput(attrs={"accept": ".csv,.tsv,.txt,text/csv"})
    )

    def clean_file(self) -> "UploadedFile[bytes]":
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if (file.size or 0) > settings.IMPORT_MAX_BYTES:
            limit = filesizeformat(settings.IMPORT_MAX_BYTES)
            raise forms.ValidationError(f"This file is larger than {limit}. Upload it in parts.")
        return file


class CsvPages(ModelAdmin[Book]):
    """The pages for CSV export and import, beside the list of books."""

    change_list_template = "admin/catalog/book/change_list.html"

    def get_urls(self) -> list[URLPattern]:
        def page(address: str, view: Callable[..., HttpResponseBase], name: str) -> URLPattern:
            return path(address, self.admin_site.admin_view(view), name=f"catalog_book_{name}")

        # Decorated here, since the decorators expect functions whose first argument is the request.
        return [
            page("export", require_safe(self.export_list), "export"),
            page("import", require_http_methods(["GET", "HEAD", "POST"])(self.upload), "import"),
            page("import/<uuid:key>", never_cache(require_safe(self.preview)), "preview"),
            page("import/<uuid:key>/apply", require_POST(self.apply), "apply"),
            page("import/<uuid:key>/renew", require_POST(self.renew), "renew"),
            *super().get_urls(),
        ]

    @admin.action(description="Export curated fields as CSV", permissions=["change"])
    def export_csv(self, request: HttpRequest, books: QuerySet[Book]) -> HttpResponseBase:
        return _csv_response(books)

    def export_list(self, request: HttpRequest) -> HttpResponseBase:
        """The books of the filtered list, on all its pages."""
        self._require_curator(request)
        try:
            listed = self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            return redirect("admin:catalog_book_changelist")
        return _csv_response(listed.queryset)

    def upload(self, request: HttpRequest) -> HttpResponse:
        """Accept a file and store what it would change."""
        user = self._require_curator(request)
        form = CsvForm(request.POST, request.FILES) if request.method == "POST" else CsvForm()
        if form.is_valid():
            file = form.cleaned_data["file"]
            try:
                staged = csv_edits.stage(user=user, filename=file.name, content=file.read())
            except csv_edits.UnusableFile as error:
                form.add_error("file", str(error))
            else:
                return redirect("admin:catalog_book_preview", staged.pk)
        context = {
            "title": "Import curated fields from CSV",
            "form": form,
            "columns": COLUMNS,
            "kinds": cells.KINDS,
            "most_lines": f"{MAX_LINES:,}",
            "most_books": f"{MAX_BOOKS:,}",
        }
        return self._page(request, "import", context, status=422 if form.errors else 200)

    def preview(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Show what a file would change."""
        user = self._require_curator(request)
        return self._preview(request, _staged_edits_of(user, key))

    def apply(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Make the changes that were previewed."""
        user = self._require_curator(request)
        staged = _staged_edits_of(user, key)
        try:
            number = csv_edits.apply(staged=staged, user=user)
        except csv_edits.CannotCurate as error:
            return self._preview(request, staged, refused=str(error))
        if number:
            message = f"{number} book{pluralize(number)} {pluralize(number, 'is,are')} changed."
            messages.success(request, message)
        return redirect("admin:catalog_book_preview", staged.pk)

    def renew(self, request: HttpRequest, key: UUID) -> HttpResponse:
        """Compare the file again, with the books as they are now."""
        user = self._require_curator(request)
        staged = csv_edits.renew(staged=_staged_edits_of(user, key))
        return redirect("admin:catalog_book_preview", staged.pk)

    def _preview(
        self, request: HttpRequest, staged: StagedEdits, refused: str = ""
    ) -> HttpResponse:
        page = Paginator(staged.rows, BOOKS_PER_PAGE).get_page(request.GET.get("page"))
        context = {
            "title": f"Changes in “{staged.filename}”",
            "staged": staged,
            "page": page,
            "rows": [{**row, "changes": _changes(row)} for row in page.object_list],
            "new_authors": csv_edits.new_authors(staged.rows),
            "refused": refused,
        }
        return self._page(request, "preview", context, status=422 if refused else 200)

    def _page(
        self, request: HttpRequest, name: str, context: dict[str, Any], status: int
    ) -> HttpResponse:
        common = {**self.admin_site.each_context(request), "opts": self.opts}
        template = f"admin/catalog/book/{name}.html"
        return render(request, template, common | context, status=status)

    def _require_curator(self, request: HttpRequest) -> User:
        """The user of the request; raises `PermissionDenied` unless they may change books."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        return cast("User", request.user)


def _staged_edits_of(user: User, key: UUID) -> StagedEdits:
    """A file of this curator; 404 for anybody else's."""
    return get_object_or_404(StagedEdits, pk=key, user=user)


def _changes(row: Mapping[str, Any]) -> Sequence[tuple[str, str, str]]:
    """The fields that a row changes, each with its cell before and after."""
    return [
        (
            name.replace("_", " "),
            cells.format_cell(name, row["before"][name]),
            cells.format_cell(name, row["after"][name]),
        )
        for name in cells.PARSERS
        if name in row["after"]
    ]


def _csv_response(books: QuerySet[Book]) -> StreamingHttpResponse:
    """A file of these books, in the order of the list; a search may find a book twice."""
    standing = books.filter(status__in=Book.STANDING)
    keys = list(dict.fromkeys(standing.values_list("pk", flat=True)))
    answer = StreamingHttpResponse(
        csv_edits.export(book_ids=keys), content_type="text/csv; charset=utf-8"
    )
    answer["Content-Disposition"] = f'attachment; filename="{FILENAME}"'
    return answer
