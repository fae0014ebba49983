"""The preview of a file, the rows of an import, and repairing them."""

import io
from urllib.parse import quote

import pytest
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from catalog.normalize import title_key
from recommender.models import ImportItem, ImportJob
from recommender.sources.exports import open_export
from tests.factories import (
    BookFactory,
    ImportItemFactory,
    ImportJobFactory,
    ReaderFactory,
    RunFactory,
)
from tests.pages import client_of, read

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def job() -> ImportJob:
    """A preview with a row of each kind."""
    job = ImportJobFactory.create(
        kind="storygraph_export", account="", filename="mine.csv", state="preview"
    )
    twins = [BookFactory.create(title="Twin"), BookFactory.create(title="Twin")]
    for change in ("new", "changed", "unchanged"):
        ImportItemFactory.create(job=job, change=change, book=BookFactory.create())
    ImportItemFactory.create(
        job=job, state="ambiguous", title="Twin", candidates=[book.pk for book in twins]
    )
    ImportItemFactory.create(job=job, state="unmatched", title="Lost One", change="new")
    ImportItemFactory.create(job=job, state="failed", title="=1+1", problem="Bad.", line=7)
    return job


def rows_of(job: ImportJob, query: str = "") -> str:
    return reverse("import-rows", args=[job.pk]) + query


def row_of(job: ImportJob, state: str, query: str = "") -> str:
    return reverse("import-row", args=[job.pk, job.items.get(state=state).pk]) + query


def test_the_preview_tells_what_would_change_and_asks(job: ImportJob) -> None:
    page = read(client_of(job.reader).get(reverse("import", args=[job.pk])))

    assert [dt.words for dt in page.all("dt")] == [
        "New",
        "Changed",
        "Unchanged",
        "More than one book fits",
        "Not found",
        "Could not be read",
    ]
    assert [dd.words for dd in page.all("dd")] == ["1"] * 6
    assert "Lost One" in page.words
    assert page.one("form", action=reverse("import-confirm", args=[job.pk])).words == "Import these"
    assert page.one("form", action=reverse("import-cancel", args=[job.pk])).words == "Cancel"
    assert not page.all("meta", http_equiv="refresh")
    assert not page.all(hx_trigger="*")


def test_the_rows_of_an_import_that_was_applied_lead_to_the_list(job: ImportJob) -> None:
    job.state, job.run = "done", RunFactory.create(reader=job.reader)
    job.save()
    client = client_of(job.reader)
    landed = read(client.get(reverse("import", args=[job.pk]), follow=True))

    assert landed.all("a", href=rows_of(job))
    page = read(client.get(rows_of(job)))

    assert page.one("h1").words == "Rows of your import"
    links = [link.words for link in page.all("a", href=reverse("recommendations"))]
    assert "See today’s list" in links


def test_a_file_with_nothing_readable_cannot_be_imported(job: ImportJob) -> None:
    job.items.exclude(state="failed").delete()
    page = read(client_of(job.reader).get(reverse("import", args=[job.pk])))
    assert not page.all("form", action=reverse("import-confirm", args=[job.pk]))


def test_yes_goes_on_and_no_forgets(job: ImportJob) -> None:
    client = client_of(job.reader)
    answer = client.post(reverse("import-confirm", args=[job.pk]))
    job.refresh_from_db()
    assert answer["Location"] == reverse("import", args=[job.pk])
    assert job.state == "matching"

    ImportJob.objects.update(state="preview")
    answer = client.post(reverse("import-cancel", args=[job.pk]), follow=True)
    job.refresh_from_db()
    assert job.state == "canceled"
    assert "You chose not to import this file" in read(answer).words
    page = read(client.get(reverse("import", args=[job.pk])))
    assert page.one("h1").words == "This file was not imported"


@pytest.mark.parametrize(
    ("name", "method"),
    [
        ("import-confirm", "post"),
        ("import-cancel", "post"),
        ("import-rows", "get"),
        ("import-failed", "get"),
        ("import-row", "get"),
        ("import-row", "post"),
    ],
)
def test_they_do_not_exist_for_a_stranger_or_for_nobody(
    job: ImportJob, name: str, method: str
) -> None:
    row = job.items.get(state="ambiguous")
    arguments = [job.pk, row.pk] if name == "import-row" else [job.pk]
    for client in (client_of(ReaderFactory.create()), client_of(None)):
        answer = getattr(client, method)(
            reverse(name, args=arguments), {"book": str(row.candidates[0])}
        )
        assert answer.status_code == 404
    job.refresh_from_db()
    row.refresh_from_db()
    assert (job.state, row.state) == ("preview", "ambiguous")


def test_a_row_of_another_import_is_not_found(job: ImportJob) -> None:
    other = ImportItemFactory.create(state="unmatched")
    address = reverse("import-row", args=[job.pk, other.pk])
    assert client_of(job.reader).get(address).status_code == 404


def test_rows_are_filtered_by_what_became_of_them(job: ImportJob) -> None:
    client = client_of(job.reader)
    assert len(read(client.get(rows_of(job))).all("li", class_="row")) == 6
    for state in ("new", "changed", "unchanged", "ambiguous", "unmatched", "failed"):
        page = read(client.get(rows_of(job, f"?state={state}")))
        assert len(page.all("li", class_="row")) == 1, state
    assert "No rows here" in read(client.get(rows_of(job, "?state=skipped"))).words
    assert len(read(client.get(rows_of(job, "?state=bogus&page=99"))).all("li", class_="row")) == 6


def test_an_ambiguous_row_offers_its_books_and_takes_the_answer(job: ImportJob) -> None:
    client = client_of(job.reader)
    row = job.items.get(state="ambiguous")
    page = read(client.get(rows_of(job, "?state=ambiguous")))
    values = [radio.attributes["value"] for radio in page.all("input", type="radio")]
    assert values == [*map(str, row.candidates), "none"]

    answer = client.post(
        row_of(job, "ambiguous"), {"book": str(row.candidates[1]), "state": "ambiguous"}
    )

    row.refresh_from_db()
    assert answer["Location"] == rows_of(job, "?state=ambiguous")
    assert (row.state, row.book_id) == ("repaired", row.candidates[1])


def test_none_of_these_is_only_said_where_books_are_offered(job: ImportJob) -> None:
    client = client_of(job.reader)
    asked = {
        state: read(client.get(rows_of(job, f"?state={state}")))
        .one("form", class_="row__beyond")
        .words
        for state in ("ambiguous", "unmatched")
    }
    assert asked["ambiguous"].startswith("None of these? Search Open Library")
    assert asked["unmatched"].startswith("Search Open Library")


def test_htmx_gets_the_row_as_it_is_now(job: ImportJob) -> None:
    row = job.items.get(state="ambiguous")
    answer = client_of(job.reader).post(
        row_of(job, "ambiguous"), {"book": str(row.candidates[0])}, headers=HTMX
    )
    part = read(answer)
    assert part.elements[0].attributes["id"] == f"row-{row.pk}"
    assert "Found by you" in part.words


def test_none_of_these_leaves_the_row(job: ImportJob) -> None:
    client_of(job.reader).post(row_of(job, "unmatched"), {"book": "none"})
    assert job.items.get(title="Lost One").state == ImportItem.State.SKIPPED


@pytest.mark.parametrize("book", ["", "x", "999999999"])
def test_an_answer_that_is_none_is_asked_again(job: ImportJob, book: str) -> None:
    answer = client_of(job.reader).post(row_of(job, "unmatched"), {"book": book})
    assert "Choose one of the books" in read(answer, status=422).words


def test_a_row_is_searched_in_place(job: ImportJob) -> None:
    book = BookFactory.create(title="The Lost Lagoon", authors=["Ann Author"])
    client = client_of(job.reader)

    page = read(client.get(row_of(job, "unmatched", "?q=lost+lagoon")))
    part = read(client.get(row_of(job, "unmatched", "?q=lagoon&state=unmatched"), headers=HTMX))
    nothing = read(client.get(row_of(job, "unmatched", "?q=zzzqqq")))

    assert "The Lost Lagoon, Ann Author (1969)" in page.words
    assert part.elements[0].tag == "form"
    assert part.one("input", name="state").attributes["value"] == "unmatched"
    assert part.one("input", value=str(book.pk))
    assert "Nothing found for “zzzqqq”" in nothing.words


@pytest.mark.parametrize(
    "typed",
    ["les miserables", "misérables hugo", "MISÉRABLES", "d’urberville", "durberville", "misrables"],
)
def test_the_search_for_a_row_forgives_accents_apostrophes_and_slips(
    job: ImportJob, typed: str
) -> None:
    book = BookFactory.create(
        title="Les Misérables",
        original_title="L'Homme d'Urberville",
        original_title_key=title_key("L'Homme d'Urberville"),
        authors=["Victor Hugo"],
    )
    BookFactory.create(title="Les Liaisons dangereuses", authors=["Choderlos de Laclos"])

    page = read(client_of(job.reader).get(row_of(job, "unmatched", "?q=" + quote(typed))))

    offered = [choice.attributes["value"] for choice in page.all("input", name="book")]
    assert offered == [str(book.pk), "none"]


def test_a_row_that_needs_no_help_has_no_page(job: ImportJob) -> None:
    assert client_of(job.reader).get(row_of(job, "failed")).status_code == 404


def test_failed_rows_are_a_file_that_no_spreadsheet_runs(job: ImportJob) -> None:
    answer = client_of(job.reader).get(reverse("import-failed", args=[job.pk]))
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert lines == ["Line,Title,Author,Problem", "7,'=1+1,Some Body,Bad."]
    assert "attachment" in answer["Content-Disposition"]


def test_the_template_is_there_for_everybody_and_readable() -> None:
    answer = client_of(None).get(reverse("import-template"))
    assert open_export(io.BytesIO(answer.content)).name == "table_file"


def test_a_list_begins_with_what_the_import_changed() -> None:
    run = RunFactory.create()
    job = ImportJobFactory.create(reader=run.reader, state="done", run=run, removed=2)
    for change in ("new", "new", "unchanged"):
        ImportItemFactory.create(job=job, change=change)

    page = read(client_of(run.reader).get(reverse("import", args=[job.pk]), follow=True))

    assert "2 new, 1 unchanged, 2 removed" in page.words
    assert page.all("a", href=rows_of(job))


def test_more_rows_cost_no_more_queries(
    job: ImportJob, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    twins = [BookFactory.create().pk, BookFactory.create().pk]
    ImportItemFactory.create_batch(30, job=job, state="ambiguous", candidates=twins)
    client = client_of(job.reader)
    with django_assert_max_num_queries(12):
        client.get(rows_of(job))
    with django_assert_max_num_queries(14):
        client.get(reverse("import", args=[job.pk]))


def test_a_reader_can_say_in_which_letters_a_file_is_written(job: ImportJob) -> None:
    client, address = client_of(job.reader), reverse("import-encoding", args=[job.pk])
    preview = reverse("import", args=[job.pk])
    assert not read(client.get(preview)).all("form", action=address)
    job.encoding = "cp1252"
    job.save()

    form = read(client.get(preview)).one("form", action=address)
    assert "Central European" in form.words
    assert read(client.post(address, {"encoding": "klingon"}, follow=True)).words
    job.refresh_from_db()
    assert (job.state, job.encoding) == ("preview", "cp1252")

    assert client.post(address, {"encoding": "cp1250"})["Location"] == preview
    job.refresh_from_db()
    assert (job.state, job.encoding) == ("matching", "cp1250")
    assert client_of(ReaderFactory.create()).post(address).status_code == 404


def test_rows_show_the_book_they_become_and_what_could_not_be_read(job: ImportJob) -> None:
    item = job.items.get(change="new", state="matched")
    item.problem = "“N/A” is not a rating we can read."
    item.save()

    page = read(client_of(job.reader).get(rows_of(job)))

    assert f"→ {item.book}" in page.words
    assert item.problem in page.words
