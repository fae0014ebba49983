"""A page of the admin that shows what an act would do before it is done."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Generic, TypeVar, cast

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.views import View

from catalog.admin.typed import ModelAdmin
from catalog.curation.acts import CannotCurate
from recsite.accounts.models import User

M = TypeVar("M", bound=Model)


class ConfirmView(View, ABC, Generic[M]):
    """Choose in a form (GET), see what the act would do (GET with the form), do it (POST)."""

    #: The admin that the page belongs to, given to `as_view`.
    model_admin: ModelAdmin[Any] | None = None
    form_class: type[forms.Form] = forms.Form
    template_name: ClassVar[str]
    #: The message once the act is done.
    done: ClassVar[str]

    object: M

    @abstractmethod
    def get_object(self, key: int) -> M:
        """What the act is done to, or 404."""

    @abstractmethod
    def get_title(self) -> str:
        """The title of the page."""

    @abstractmethod
    def preview(self, chosen: dict[str, Any]) -> dict[str, Any]:
        """What the template shows of the act. May raise `CannotCurate`, as the act would."""

    @abstractmethod
    def act(self, chosen: dict[str, Any], user: User) -> None:
        """Do it, or raise `CannotCurate`."""

    def get_form(self) -> forms.Form:
        return self.form_class(self.request.POST or self.request.GET or None)

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.object = self.get_object(kwargs["key"])
        if not request.user.has_perm("catalog.change_book"):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, key: int) -> HttpResponse:
        form = self.get_form()
        shown: dict[str, Any] = {}
        if form.is_valid():
            try:
                shown = {"chosen": form.cleaned_data, **self.preview(form.cleaned_data)}
            except CannotCurate as error:
                form.add_error(None, str(error))
        return self._page(form, shown)

    def post(self, request: HttpRequest, key: int) -> HttpResponse:
        form = self.get_form()
        if not form.is_valid():
            return self._page(form)
        try:
            self.act(form.cleaned_data, cast("User", request.user))
        except CannotCurate as error:
            form.add_error(None, str(error))
            return self._page(form)
        messages.success(request, self.done)
        return redirect("admin:catalog_curationact_changelist")

    def _page(self, form: forms.Form, shown: dict[str, Any] | None = None) -> HttpResponse:
        admin = cast("ModelAdmin[Any]", self.model_admin)
        context = {
            **admin.admin_site.each_context(self.request),
            "opts": admin.opts,
            "title": self.get_title(),
            "form": form,
            **(shown or {}),
        }
        return render(self.request, self.template_name, context, status=422 if form.errors else 200)
