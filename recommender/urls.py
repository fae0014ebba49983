"""Addresses of everything a reader meets."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
