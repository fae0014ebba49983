"""The log of curation in the admin."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from catalog.admin.typed import ModelAdmin
from catalog.models import CurationAct


class CurationActAdmin(ModelAdmin[CurationAct]):
    """Who did what, and what was there before; read-only."""

    list_display = ("at", "user", "kind", "subject", "book_page", "reason", "fields_changed")
    list_filter = ("kind", ("user", admin.RelatedOnlyFieldListFilter), "at")
    list_select_related = ("user", "book")
    search_fields = ("subject", "reason", "user__email")
    date_hierarchy = "at"
    fields = ("at", "user", "kind", "subject", "book_page", "reason", "changes", "undoes")
    readonly_fields = ("book_page", "changes")
    change_form_template = "admin/catalog/curationact/change_form.html"

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        return lookup == "book__id__exact" or super().lookup_allowed(lookup, value, request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description="book", ordering="book")
    def book_page(self, act: CurationAct) -> SafeString | str:
        if act.book is None:
            return "-"
        address = reverse("admin:catalog_book_change", args=[act.book.pk])
        return format_html('<a href="{}">{}</a>', address, act.book)

    @admin.display(description="fields")
    def fields_changed(self, act: CurationAct) -> str:
        return ", ".join(name.replace("_", " ") for name in act.after) or "-"

    @admin.display(description="before and after")
    def changes(self, act: CurationAct) -> SafeString:
        rows = [
            (
                name.replace("_", " "),
                *(_shown(values.get(name)) for values in (act.before, act.after)),
            )
            for name in {**act.before, **act.after}
        ]
        return format_html(
            "<table><thead><tr><th></th><th>before</th><th>after</th></tr></thead>"
            "<tbody>{}</tbody></table>",
            format_html_join("", "<tr><th>{}</th><td>{}</td><td>{}</td></tr>", rows),
        )


def _shown(value: Any) -> str:
    """A value in words; for rows that moved, how many there were of each kind."""
    if isinstance(value, dict) and value and all(name.isdecimal() for name in value):
        return str(len(value))
    if isinstance(value, dict):
        parts = {name.replace("_", " "): _shown(part) for name, part in value.items()}
        return ", ".join(f"{part} {name}" for name, part in parts.items() if part)
    if isinstance(value, list) and all(isinstance(part, int) for part in value):
        return str(len(value) or "")
    if isinstance(value, list):
        return ", ".join(map(_shown, value))
    return "" if value is None else str(value)
