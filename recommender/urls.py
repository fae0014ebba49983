"""Addresses of everything a reader meets."""

from django.urls import path

from recommender.views import imports, landing, runs

urlpatterns = [
    path("", landing.landing, name="landing"),
    path("start", landing.start, name="start"),
    path("imports/<uuid:job_id>/", imports.progress, name="import"),
    path("imports/<uuid:job_id>/retry", imports.retry, name="import-retry"),
    path("recommendations/<uuid:run_id>/", runs.run, name="run"),
    path("recommendations/", runs.again, name="recommend-again"),
    path("history/", runs.history, name="history"),
]
