"""What curators see of the catalog.

Books, genres, identifiers and the log are registered by the recommender, which adds what readers
have of them.
"""

from django.contrib import admin

from catalog.admin.labels import AuthorAdmin
from catalog.models import Author

admin.site.register(Author, AuthorAdmin)
