"""The catalog's pages in the admin.

`recommender.admin` extends those for books, genres, identifiers and the log, and registers them.
"""

from django.contrib import admin
from django.db.models import CharField

from catalog.admin.filters import ValuesFilter
from catalog.admin.related import AuthorAdmin
from catalog.models import Author

admin.site.register(Author, AuthorAdmin)
# For the lists of all models.
admin.FieldListFilter.register(
    lambda field: isinstance(field, CharField) and not field.choices,
    ValuesFilter,
    take_priority=True,
)
