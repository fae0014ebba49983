"""The admin for curators and operators: readers, books with readers' data, releases."""

from django.contrib import admin
from django_celery_beat.models import CrontabSchedule, IntervalSchedule, PeriodicTask

from catalog.models import Book, BookIdentifier, CurationAct, FoundWork, Genre, WantedBook
from recommender.admin.curation import BookAdmin, BookIdentifierAdmin, CurationActAdmin, GenreAdmin
from recommender.admin.found_works import FoundWorkAdmin, WantedBookAdmin
from recommender.admin.periodic import CrontabAdmin, IntervalAdmin, PeriodicTaskAdmin
from recommender.admin.proposals import ProposalAdmin
from recommender.admin.readers import (
    ImportItemAdmin,
    ImportJobAdmin,
    LibraryEntryAdmin,
    ReaderAdmin,
    RunAdmin,
)
from recommender.admin.releases import ModelReleaseAdmin
from recommender.models import (
    ImportItem,
    ImportJob,
    LibraryEntry,
    ModelRelease,
    Proposal,
    Reader,
    Run,
)

admin.site.register(Book, BookAdmin)
admin.site.register(Genre, GenreAdmin)
admin.site.register(BookIdentifier, BookIdentifierAdmin)
admin.site.register(CurationAct, CurationActAdmin)
admin.site.register(FoundWork, FoundWorkAdmin)
admin.site.register(WantedBook, WantedBookAdmin)
admin.site.register(Reader, ReaderAdmin)
admin.site.register(LibraryEntry, LibraryEntryAdmin)
admin.site.register(ImportJob, ImportJobAdmin)
admin.site.register(ImportItem, ImportItemAdmin)
admin.site.register(Proposal, ProposalAdmin)
admin.site.register(Run, RunAdmin)
admin.site.register(ModelRelease, ModelReleaseAdmin)
for model, page in (
    (PeriodicTask, PeriodicTaskAdmin),
    (IntervalSchedule, IntervalAdmin),
    (CrontabSchedule, CrontabAdmin),
):
    admin.site.unregister(model)
    admin.site.register(model, page)
