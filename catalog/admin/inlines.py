"""What stands below a book in the admin: its authors, genres and identifiers."""

from typing import Any

from django.contrib.admin.widgets import ForeignKeyRawIdWidget
from django.db.models import QuerySet
from django.http import HttpRequest

from catalog.admin.typed import BaseInlineFormSet, TabularInline
from catalog.models import Book, BookAuthor, BookGenre, BookIdentifier


class PlainRawIdWidget(ForeignKeyRawIdWidget):
    """A raw id without its label, which would cost a query for every row.

    The row's own heading names the object already.
    """

    def label_and_url_for_value(self, value: Any) -> tuple[str, str]:
        return "", ""


class NamedFields(BaseInlineFormSet[Any, Any, Any]):
    """Names each field by its column, for those who hear the page and do not see its head."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        for name, field in form.fields.items():
            if not field.widget.is_hidden:
                widget = getattr(field.widget, "widget", field.widget)  # within its links
                widget.attrs["aria-label"] = str(field.label or name)


class RelatedInline(TabularInline[Any, Book]):
    """Rows that link a book to another object, shown without a query for each row."""

    extra = 0
    formset = NamedFields
    related: str

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related(self.related)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == self.related:
            kwargs["widget"] = PlainRawIdWidget(db_field.remote_field, self.admin_site)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class AuthorInline(RelatedInline):
    model = BookAuthor
    verbose_name_plural = "authors and contributors, in the order of the title page"
    related = "author"


class GenreInline(RelatedInline):
    model = BookGenre
    verbose_name_plural = "genres, and how many readers shelved the book there"
    related = "genre"


class IdentifierInline(TabularInline[BookIdentifier, Book]):
    model = BookIdentifier
    extra = 0
    formset = NamedFields
