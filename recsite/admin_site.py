"""The site of the admin, whose first page has one heading for apps of one name."""

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest


class Site(AdminSite):
    site_title = site_header = "Bookfold"
    index_title = "Catalog and operation"

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        merged: dict[str, Any] = {}
        for app in super().get_app_list(request, app_label):
            known = merged.setdefault(app["name"], app)
            if known is not app:
                known["models"] = sorted([*known["models"], *app["models"]], key=_name)
        return list(merged.values())


def _name(model: Any) -> str:
    return str(model["name"]).lower()
