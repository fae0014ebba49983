"""A missing book, looked for and given to those who wait for it by a real worker."""

import pytest

from catalog.models import Book
from recommender.models import LibraryEntry, Proposal
from recommender.services import proposals
from recommender.services.proposals import SearchTerms
from recsite.local.process import wait_until
from recsite.local.standins.works import WorkFault, isbn_of
from tests.factories import LibraryEntryFactory, ReaderFactory
from tests.services import SiteProcess

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]


def state_after_search(proposal: Proposal) -> str:
    searching = Proposal.objects.filter(pk=proposal.pk, state="searching")
    assert wait_until(lambda: not searching.exists(), seconds=30)
    proposal.refresh_from_db()
    return proposal.state


def test_what_is_chosen_is_added_and_given_to_another_reader_who_waits_for_it(
    valkey_url: str, celery_worker_process: SiteProcess
) -> None:
    waits = LibraryEntryFactory.create(book=None, title="Hamnet", author="Maggie O’Farrell")
    proposal = proposals.propose(reader=ReaderFactory.create(), terms=SearchTerms("Hamnet"))
    assert state_after_search(proposal) == "choosing"
    [work] = proposals.works_of(proposal)

    proposals.choose(proposal=proposal, key=work.key)

    given = LibraryEntry.objects.filter(pk=waits.pk, book=Book.objects.get())
    assert wait_until(given.exists, seconds=30)


@pytest.mark.parametrize(
    ("words", "state"),
    [
        (SearchTerms("Qqqq Zzzz"), "nothing"),
        (SearchTerms(isbn13=isbn_of(WorkFault.SEARCH_BUSY_FOR_LONG)), "failed"),
    ],
)
def test_what_comes_to_nothing_is_told(
    words: SearchTerms, state: str, valkey_url: str, celery_worker_process: SiteProcess
) -> None:
    proposal = proposals.propose(reader=ReaderFactory.create(), terms=words)
    assert state_after_search(proposal) == state
