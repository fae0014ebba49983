"""Which service an uploaded file comes from."""

from recommender.sources.export_file import (
    MAX_BYTES,
    ExportFile,
    WrongColumns,
    delimiter_of,
    read_text,
)
from recommender.sources.goodreads_export import GoodreadsExport

#: The exports Bookfold reads, those with the most telling columns first.
EXPORTS: tuple[type[ExportFile], ...] = (GoodreadsExport,)


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
    raise WrongColumns
