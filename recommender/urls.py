"""Addresses of everything a reader meets."""

from django.urls import path

from recommender.views import (
    books,
    how,
    import_rows,
    imports,
    landing,
    recommendations,
    runs,
    wishes,
)

urlpatterns = [
    path("", landing.landing, name="landing"),
    path("start", landing.start, name="start"),
    path("imports/<uuid:job_id>/", imports.progress, name="import"),
    path("imports/<uuid:job_id>/retry", imports.retry, name="import-retry"),
    path("imports/<uuid:job_id>/confirm", imports.confirm, name="import-confirm"),
    path("imports/<uuid:job_id>/cancel", imports.cancel, name="import-cancel"),
    path("imports/<uuid:job_id>/rows/", import_rows.rows, name="import-rows"),
    path("imports/<uuid:job_id>/rows/<int:item_id>/", import_rows.row, name="import-row"),
    path("imports/<uuid:job_id>/failed.csv", import_rows.failed, name="import-failed"),
    path("imports/template.csv", import_rows.template, name="import-template"),
    path("recommendations/<uuid:run_id>/", runs.run, name="run"),
    path("recommendations/", recommendations.recommendations, name="recommendations"),
    path("recommendations/without/<int:book_id>/", recommendations.what_if, name="what-if"),
    path("books/", books.books, name="books"),
    path("books/<int:book_id>/", books.book, name="book"),
    path("books/<int:book_id>/shelve", wishes.shelve, name="shelve"),
    path("books/<int:book_id>/take-off", wishes.take_off, name="take-off"),
    path("books/<int:book_id>/dismiss", wishes.dismiss, name="dismiss"),
    path("dismissed/", wishes.dismissed, name="dismissals"),
    path("dismissed/<int:dismissal_id>/undo", wishes.undo, name="dismissal-undo"),
    path("how-it-works/", how.how, name="how"),
    path("history/", runs.history, name="history"),
    path("history/compare/", runs.compare, name="compare"),
]
