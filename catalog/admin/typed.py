"""Django's admin classes as generics: django-stubs gives them a type parameter, Django does not."""

from typing import TYPE_CHECKING, Any, Self

__all__ = ["BaseInlineFormSet", "ModelAdmin", "ModelForm", "TabularInline"]

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin, TabularInline
    from django.forms import BaseInlineFormSet, ModelForm
else:
    from django import forms
    from django.contrib import admin

    class Generic:
        """Accepts a type parameter and ignores it."""

        def __class_getitem__(cls, parameter: Any) -> type[Self]:
            return cls

    class ModelAdmin(Generic, admin.ModelAdmin):
        pass

    class TabularInline(Generic, admin.TabularInline):
        pass

    class ModelForm(Generic, forms.ModelForm):
        pass

    class BaseInlineFormSet(Generic, forms.BaseInlineFormSet):
        pass
