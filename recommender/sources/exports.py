"""Which service an uploaded file comes from."""

from recommender.sources.bookwyrm_export import BookwyrmExport
from recommender.sources.export_file import ExportFile, columns_of
from recommender.sources.goodreads_export import GoodreadsExport
from recommender.sources.librarything_export import LibraryThingExport
from recommender.sources.storygraph_export import StorygraphExport
from recommender.sources.table_file import TableFile
from recommender.sources.upload import MAX_BYTES, WrongColumns, read_text
from recsite.common.spreadsheets import delimiter_of

#: The exports Bookfold reads, those with the most telling columns first.
EXPORTS: tuple[type[ExportFile], ...] = (
    StorygraphExport,
    LibraryThingExport,
    BookwyrmExport,
    GoodreadsExport,
    TableFile,
)


def open_export(data: bytes, *, limit: int = MAX_BYTES) -> ExportFile:
    """The uploaded file as a source; its ``name`` tells the service.

    Raises
    ------
    ExportRefused
        One of its kinds, when the file is no export Bookfold reads; it says what to do instead.
    """
    text = read_text(data, limit=limit)
    for export in EXPORTS:
        if delimiter_of(text, export.required):
            return export(data, limit=limit)
    expected = ", or ".join(
        f"{_listed(export.required)} ({export.service})"
        for export in (GoodreadsExport, StorygraphExport, LibraryThingExport, BookwyrmExport)
    )
    raise WrongColumns.found(columns_of(text), expected)


def _listed(columns: frozenset[str]) -> str:
    return ", ".join(f"“{column}”" for column in sorted(columns))
