"""Which service an uploaded file comes from."""

from typing import BinaryIO

from recommender.sources.bookwyrm_export import BookwyrmExport
from recommender.sources.export_file import ExportFile
from recommender.sources.goodreads_export import GoodreadsExport
from recommender.sources.hardcover_export import HardcoverExport
from recommender.sources.librarything_export import LibraryThingExport
from recommender.sources.storygraph_export import StorygraphExport
from recommender.sources.table_file import TableFile
from recommender.sources.upload import MAX_BYTES, WrongColumns, WrongEncoding, check_file
from recsite.common.tables import find_encoding, headings

#: The exports Bookfold reads, those whose columns are theirs alone first.
EXPORTS: tuple[type[ExportFile], ...] = (
    StorygraphExport,
    LibraryThingExport,
    BookwyrmExport,
    GoodreadsExport,
    HardcoverExport,
    TableFile,
)


def open_export(file: BinaryIO, *, limit: int = MAX_BYTES, encoding: str = "") -> ExportFile:
    """The uploaded file as a source; its ``name`` tells the service.

    Parameters
    ----------
    file : BinaryIO
        The file, open for as long as rows are read from it.
    limit : int
        The most bytes it may have.
    encoding : str
        How its text is encoded; found out where it is empty.

    Raises
    ------
    ExportRefused
        One of its kinds, when the file is no export Bookfold reads; it says what to do instead.
    """
    check_file(file, limit=limit)
    found = find_encoding(file)
    if found is None:
        raise WrongEncoding
    ways = headings(file, encoding or found.name)
    for export in EXPORTS:
        for heading in ways:
            if export.fits(heading.columns):
                return export(file, heading, is_guessed=found.is_guessed and not encoding)
    expected = ", or ".join(
        f"{_listed(export)} ({export.service})" for export in EXPORTS if export is not TableFile
    )
    raise WrongColumns.found(list(ways[0].columns) if ways else [], expected)


def _listed(export: type[ExportFile]) -> str:
    return ", ".join(f"“{names[0]}”" for names in export.required)
