"""The catalog's pages in the admin.

`recommender.admin` extends those for books, genres, identifiers and the log, and registers them.
"""

from django.contrib import admin

from catalog.admin.related import AuthorAdmin
from catalog.models import Author

admin.site.register(Author, AuthorAdmin)
