"""Readers, their libraries, their imports, and the lists that were made for them."""

from recommender.models.content import ContentLinks
from recommender.models.dismissals import POSTPONED_FOR, Dismissal
from recommender.models.groups import GroupMember, ReadingGroup
from recommender.models.imports import ImportItem, ImportJob, ImportJobQuerySet
from recommender.models.library import GivenUpEntry, LibraryEntry, RemovedEntry, Source, SourceShelf
from recommender.models.proposals import Proposal
from recommender.models.readers import EARLIEST_SINCE, Reader
from recommender.models.runs import Digest, ModelRelease, Recommendation, Run

__all__ = [
    "EARLIEST_SINCE",
    "POSTPONED_FOR",
    "ContentLinks",
    "Digest",
    "Dismissal",
    "GivenUpEntry",
    "GroupMember",
    "ImportItem",
    "ImportJob",
    "ImportJobQuerySet",
    "LibraryEntry",
    "ModelRelease",
    "Proposal",
    "Reader",
    "ReadingGroup",
    "Recommendation",
    "RemovedEntry",
    "Run",
    "Source",
    "SourceShelf",
]
