"""Django's admin classes with a model as parameter, which at run time they do not take."""

from typing import TYPE_CHECKING, Any, Self

__all__ = ["ModelAdmin", "ModelForm", "TabularInline"]

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin, TabularInline
    from django.forms import ModelForm
else:
    from django import forms
    from django.contrib import admin

    class Parametric:
        """Takes a type parameter and forgets it."""

        def __class_getitem__(cls, parameter: Any) -> type[Self]:
            return cls

    class ModelAdmin(Parametric, admin.ModelAdmin):
        pass

    class TabularInline(Parametric, admin.TabularInline):
        pass

    class ModelForm(Parametric, forms.ModelForm):
        pass
