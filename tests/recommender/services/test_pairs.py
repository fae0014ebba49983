"""Any two services at once on one reader: neither a deadlock, nor a row that is there twice.

Both begin together, each in a transaction of its own, with small random pauses before each
statement. `PAIRS=all` tries every pair, else a few drawn by a seed, which a failure names.
"""

import ast
import io
import os
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import timedelta
from decimal import Decimal
from functools import partial
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ObjectDoesNotExist
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from catalog.curation import acts, bulk_edits, csv_edits
from catalog.curation.acts import CannotCurate
from catalog.models import (
    Book,
    BookIdentifier,
    CurationAct,
    FoundWork,
    Genre,
    StagedEdits,
    WantedBook,
)
from catalog.openlibrary.parse import Work
from catalog.services import additions, enrichment, found_works, wanted
from recommender.engine.release import NoRelease
from recommender.models import (
    Dismissal,
    ImportItem,
    ImportJob,
    LibraryEntry,
    Proposal,
    Reader,
    ReadingGroup,
    RemovedEntry,
    Run,
)
from recommender.selectors.recommendations import NothingToRecommendFrom
from recommender.services import (
    digests,
    dismissals,
    entries,
    groups,
    import_worker,
    imports,
    leaving,
    library,
    look_ups,
    merging,
    proposals,
    pruning,
    readers,
    repairs,
    runs,
    saved_lists,
    suggestions,
    taking_back,
    waiting,
)
from recommender.sources.base import SourceError
from recsite.accounts.models import User
from tests.factories import (
    BookFactory,
    GenreFactory,
    ImportItemFactory,
    ImportJobFactory,
    LibraryEntryFactory,
    ProposalFactory,
    ReaderFactory,
    RunFactory,
    UserFactory,
)

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]

PAIRS = os.environ.get("PAIRS", "24")
SEED = int(os.environ.get("SEED", "1"))
LONGEST_PAUSE = 0.004
EXPORT = b"Title,Author,My Rating,Exclusive Shelf\nUlysses,James Joyce,4,read\n"
WORK = Work(key="OL7W", title="Hamnet", authors=("Maggie Two",), credited=("Maggie Two",))
State = ImportJob.State
#: What services say where the other one came first.
EXPECTED = (
    SourceError,
    ObjectDoesNotExist,
    CannotCurate,
    NoRelease,
    NothingToRecommendFrom,
    proposals.CannotPropose,
    proposals.CannotChoose,
    repairs.CannotRepair,
    groups.CannotJoin,
)


@dataclass
class World:
    """A reader with something of everything, and a guest of the same person."""

    reader: Reader
    guest: Reader
    user: User
    curator: User
    known: Book
    other: Book
    new: Book
    entry: LibraryEntry
    lost: LibraryEntry
    here: LibraryEntry
    removed: RemovedEntry
    dismissal: Dismissal
    job: ImportJob
    failed: ImportJob
    row: ImportItem
    proposed: ImportItem
    proposal: Proposal
    run: Run
    group: ReadingGroup
    added: Book
    identifier: BookIdentifier
    merger: CurationAct
    genre: Genre
    other_genre: Genre
    found: FoundWork
    staged: StagedEdits


def make_world() -> World:
    user = UserFactory.create()
    reader, guest = ReaderFactory.create(user=user), ReaderFactory.create(user=None)
    known, other, new = (BookFactory.create(goodreads_work_id=None) for _ in range(3))
    suggested = BookFactory.create()
    for one in (reader, guest):
        LibraryEntryFactory.create(reader=one, book=other, source_key="other")
    lost = LibraryEntryFactory.create(
        reader=reader, book=None, source_key="lost", suggested_book=suggested, title=new.title
    )
    failed = ImportJobFactory.create(reader=reader, state=State.FAILED, error_message="It broke.")
    job = ImportJobFactory.create(
        reader=reader, kind="goodreads_export", account="", state=State.PREVIEW, encoding="cp1252"
    )
    long_ago = timezone.now() - timedelta(days=30)
    ImportJob.objects.filter(pk=job.pk).update(queued_at=long_ago)
    proposed = ImportItemFactory.create(
        job=job, source_key="lost", state="proposed", suggested_book=suggested
    )
    gone = LibraryEntryFactory.create(reader=reader, source_key="gone")
    curator, double = UserFactory.create(), BookFactory.create(goodreads_work_id=None)
    added = BookFactory.create(origin=Book.Origin.READERS, goodreads_work_id=None)
    identifier = BookIdentifier.objects.create(
        book=known, scheme="goodreads", value=str(known.pk + 10**9)
    )
    genre, other_genre = (
        GenreFactory.create(slug=f"{name}-{reader.pk}") for name in ("tides", "seas")
    )
    for one in (reader, guest):
        LibraryEntryFactory.create(reader=one, book=double, source_key="double")
        LibraryEntryFactory.create(reader=one, book=added, source_key="added")
        for dismissed in (genre, other_genre):
            dismissals.dismiss(reader=one, target=dismissed)
    return World(
        reader=reader,
        guest=guest,
        user=user,
        curator=curator,
        known=known,
        other=other,
        new=new,
        entry=LibraryEntryFactory.create(reader=reader, book=known, source_key="entry"),
        lost=lost,
        here=LibraryEntryFactory.create(reader=reader, source="site", source_key="here"),
        removed=entries.remove(entry=gone),
        dismissal=dismissals.dismiss(reader=reader, target=known),
        job=job,
        failed=failed,
        row=ImportItemFactory.create(job=job, source_key="row", state="unmatched"),
        proposed=proposed,
        proposal=ProposalFactory.create(reader=reader, state="choosing", works=[asdict(WORK)]),
        run=RunFactory.create(reader=reader, books=[known]),
        group=groups.begin(reader=guest, name="Ada"),
        added=added,
        identifier=identifier,
        merger=merging.merge(book=double, into=suggested, reason="", user=curator),
        genre=genre,
        other_genre=other_genre,
        found=FoundWork.objects.create(
            key=f"OL{reader.pk}W",
            title="Hamnet",
            reason="readers",
            work=asdict(WORK) | {"key": f"OL{reader.pk}W", "title": f"Hamnet {reader.pk}"},
        ),
        staged=csv_edits.stage(
            user=curator,
            filename="titles.csv",
            content=f"id,title\n{known.pk},Tides\n{other.pk},Seas\n".encode(),
        ),
    )


def work(w: World) -> None:
    """A worker goes on with a file that has just been confirmed."""
    imports.confirm(job=w.job)
    import_worker.run_import(job_id=w.job.pk, task_id=str(threading.get_ident()))


Act = Callable[[World], object]
ACTS: dict[str, Act] = {
    "shelve": lambda w: entries.shelve(reader=w.reader, book=w.new, shelf="read"),
    "rate": lambda w: entries.shelve(reader=w.reader, book=w.known, shelf="read", stars=Decimal(4)),
    "edit": lambda w: entries.edit(entry=w.entry, stars=Decimal(2), shelf="read", read_on=None),
    "leave out": lambda w: entries.set_left_out(entry=w.entry, is_left_out=True),
    "follow": lambda w: entries.follow_source(entry=w.entry),
    "remove": lambda w: entries.remove(entry=w.entry),
    "restore": lambda w: entries.restore(removed=w.removed),
    "unshelve": lambda w: entries.remove_if_added_here(entry=w.here),
    "rate many": lambda w: entries.change_many(
        reader=w.reader,
        entry_ids=[w.entry.pk, w.here.pk],
        change=partial(entries.give_stars, stars=Decimal(3)),
    ),
    "give book": lambda w: entries.give_book(entry=w.lost, book=w.new),
    "match again": lambda w: library.match_unmatched_entries(reader=w.reader),
    "dismiss": lambda w: dismissals.dismiss(reader=w.reader, target=w.new),
    "undo dismissal": lambda w: dismissals.undo(dismissal=w.dismissal),
    "upload": lambda w: imports.start_upload(
        reader=w.reader, filename="a.csv", file=io.BytesIO(EXPORT)
    ),
    "pull": lambda w: imports.start_pull(reader=w.reader, text="77"),
    "refresh": lambda w: imports.start_refresh(reader=w.reader, account="78"),
    "read again": lambda w: imports.read_again(job=w.job, encoding="cp1251"),
    "confirm": lambda w: imports.confirm(job=w.job),
    "cancel": lambda w: imports.cancel(job=w.job),
    "retry": lambda w: imports.retry(job=w.failed),
    "expire": lambda w: imports.expire_previews(),
    "requeue": lambda w: import_worker.requeue_stalled(),
    "work": work,
    "prune": lambda w: pruning.prune_rows(now=timezone.now() + timedelta(days=500)),
    "repair": lambda w: repairs.repair(item=w.row, book=w.new),
    "skip": lambda w: repairs.skip(item=w.row),
    "accept rows": lambda w: suggestions.accept_rows(job=w.job),
    "undo rows": lambda w: suggestions.undo_rows(job=w.job),
    "accept entries": lambda w: suggestions.accept_entries(reader=w.reader),
    "undo entries": lambda w: suggestions.undo_entries(reader=w.reader, entries=[w.lost.pk]),
    "decline": lambda w: suggestions.decline_entry(
        reader=w.reader, source="goodreads", source_key="lost"
    ),
    "propose": lambda w: proposals.propose(
        reader=w.reader, terms=proposals.SearchTerms(title="Ulysses")
    ),
    "propose for row": lambda w: proposals.propose_for_row(item=w.row),
    "propose for entry": lambda w: proposals.propose_for_entry(entry=w.lost),
    "search again": lambda w: proposals.search_again(proposal=w.proposal),
    "choose": lambda w: proposals.choose(proposal=w.proposal, key=WORK.key),
    "log in": lambda w: readers.claim_guest(user=w.user, guest_id=w.guest.pk),
    "list": lambda w: runs.recommend(reader=w.reader),
    "name list": lambda w: saved_lists.describe(run=w.run, name="Sea", note="All of them."),
    "share list": lambda w: saved_lists.share(run=w.run),
    "delete list": lambda w: saved_lists.delete(run=w.run),
    "feed": lambda w: saved_lists.renew_feed(reader=w.reader),
    "languages": lambda w: readers.choose_languages(reader=w.reader, languages=["eng"]),
    "begin group": lambda w: groups.begin(reader=w.reader, name="Grace"),
    "join group": lambda w: groups.join(group=w.group, reader=w.reader, name="Grace"),
    "sit beside": lambda w: groups.add(group=w.group, reader=w.reader, name="Grace"),
    "leave group": lambda w: groups.leave(group=w.group, reader=w.guest),
    "digest": lambda w: digests.send(reader_id=w.reader.pk),
    "merge": lambda w: merging.merge(book=w.known, into=w.other, reason="", user=w.curator),
    "undo merge": lambda w: merging.undo(act=w.merger, user=w.curator),
    "move number": lambda w: merging.move_identifier(
        identifier=w.identifier, to=w.other, user=w.curator
    ),
    "merge genres": lambda w: merging.merge_genre(
        genre=w.genre, into=w.other_genre, user=w.curator
    ),
    "dismiss genre": lambda w: dismissals.dismiss(reader=w.reader, target=w.other_genre),
    "dismiss added": lambda w: dismissals.dismiss(reader=w.reader, target=w.added),
    "take back": lambda w: taking_back.take_back(book=w.added, reason="No.", user=w.curator),
    "hide": lambda w: acts.hide(book_ids=[w.known.pk, w.added.pk], reason="No.", user=w.curator),
    "add found": lambda w: look_ups.add_found(found=w.found, user=w.curator),
    "decline found": lambda w: found_works.decline(found_ids=[w.found.pk]),
    "show": lambda w: acts.show(book_ids=[w.known.pk, w.added.pk], user=w.curator),
    "lock fields": lambda w: acts.set_locks(
        book_ids=[w.other.pk, w.known.pk], is_locked=True, user=w.curator
    ),
    "set kind": lambda w: bulk_edits.set_kind(
        book_ids=[w.other.pk, w.known.pk], kind="omnibus", user=w.curator
    ),
    "set values": lambda w: bulk_edits.set_values(
        book_ids=[w.added.pk, w.known.pk], values={"language": "eng"}, user=w.curator
    ),
    "add genre": lambda w: bulk_edits.add_genre(
        book_ids=[w.known.pk, w.other.pk], genre=w.genre, user=w.curator
    ),
    "renew file": lambda w: csv_edits.renew(staged=w.staged),
    "apply file": lambda w: csv_edits.apply(staged=w.staged, user=w.curator),
    "books seen": lambda w: enrichment.mark_wanted(book_ids=[w.known.pk, w.other.pk]),
    "claim wanted": lambda w: wanted.claim(among=WantedBook.objects.all()),
    "ask again": lambda w: enrichment.ask_again(book_ids=[w.known.pk, w.other.pk]),
    "claim books": lambda w: enrichment.claim(),
    "add work": lambda w: additions.add(work=WORK, user=w.curator),
    "look up": lambda w: look_ups.choose(reader=w.reader, looks_up=True),
    "look up no more": lambda w: look_ups.choose(reader=w.reader, looks_up=False),
    "propose as curator": lambda w: proposals.propose_as_curator(
        curator=w.curator, terms=proposals.SearchTerms(title="Ulysses")
    ),
    "open library": lambda w: readers.open_library(user=w.user),
    "give to waiting": lambda w: waiting.give_to_waiting(book_id=w.new.pk),
    "leave": lambda w: leaving.delete_reader(reader=w.reader),
}

#: Services of several steps that take part inside another one, or lock no row of a reader's.
NOT_BY_THEMSELVES = {
    "library": {"plan_items", "apply_items", "apply_item"},  # work, and the repair of a row
    "waiting": {"give"},  # give to waiting
    "roles": {"follow_claims"},  # an account's own groups
    "acts": {
        "withdraw",
        "readmit",
        "move_identifier",
        "merge_genre",
    },  # take back, add work, merging
    "bulk_edits": {"apply"},  # set values, and the file
    "found_works": {"add"},  # add found
}


def chosen_pairs() -> list[tuple[str, str]]:
    every = list(combinations_with_replacement(ACTS, 2))
    if PAIRS == "all":
        return every
    return random.Random(SEED).sample(every, int(PAIRS))


def do_at_once(world: World, names: tuple[str, str], draw: random.Random) -> list[str]:
    """Do both; return how each of them went."""
    start = threading.Barrier(2)
    told: list[str] = []

    def run(name: str, seed: int) -> None:
        mine = random.Random(seed)

        def pause(execute: Any, *arguments: Any) -> Any:
            time.sleep(mine.uniform(0, LONGEST_PAUSE))
            return execute(*arguments)

        try:
            with connection.execute_wrapper(pause):
                start.wait()
                ACTS[name](world)
            told.append("done")
        except EXPECTED as error:
            told.append(type(error).__name__)
        except Exception as error:  # noqa: BLE001  # told by the test, with the pair
            told.append(f"BROKEN by {name}: {type(error).__name__}: {error}")
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(name, draw.getrandbits(32))) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return told


@pytest.fixture
def _alone(settings: Settings, own_store: str, valkey_url: str) -> None:
    settings.GOODREADS_BASE_URL = "http://127.0.0.1:9"  # so that shelves may be pulled


@pytest.mark.usefixtures("_alone")
def test_any_two_at_once_wait_for_each_other() -> None:
    draw = random.Random(SEED)
    broken: list[str] = []
    outcomes: Counter[str] = Counter()
    pairs = chosen_pairs()
    for pair in pairs:
        world = make_world()
        told = do_at_once(world, pair, draw)
        outcomes.update(told)
        broken += [f"{' + '.join(pair)}: {line}" for line in told if line.startswith("BROKEN")]
        Reader.objects.all().delete()
    sys.stdout.write(f"\n{len(pairs)} pairs, seed {SEED}: {dict(outcomes)}\n")
    assert not broken, "\n".join(broken)


def test_every_service_of_several_steps_takes_part() -> None:
    """One that is new has to be in `ACTS`."""
    tried = {
        f"{node.value.id}.{node.attr}"
        for node in ast.walk(ast.parse(Path(__file__).read_text()))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    there = {
        f"{path.stem}.{name}"
        for room in (imports, additions, acts)
        for path in Path(str(room.__file__)).parent.glob("*.py")
        for name in steps_of(path.read_text())
    }
    excused = {f"{name}.{one}" for name, ones in NOT_BY_THEMSELVES.items() for one in ones}
    assert there - tried == excused


def steps_of(source: str) -> list[str]:
    """The public functions that are one transaction."""
    return [
        node.name
        for node in ast.parse(source).body
        if isinstance(node, ast.FunctionDef)
        and not node.name.startswith("_")
        and any(ast.unparse(one).startswith("transaction.atomic") for one in node.decorator_list)
    ]
