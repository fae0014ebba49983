"""The formats by name, with what their data may be used for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pyspark.sql import SparkSession

from spark.clean import MAX_STARS
from spark.convert import amazon, columns, ucsd
from spark.convert.tables import Tables, Wanted, kept, write

GOODBOOKS = "goodbooks"


@dataclass(frozen=True, slots=True)
class Format:
    """A set of ratings that others publish.

    Attributes
    ----------
    name
        What the set is called.
    licence
        What it may be used for.
    read
        From its files to tables; may raise `BadData`.
    """

    name: str
    licence: str
    read: Callable[[SparkSession, Path], Tables]


FORMATS = {
    "ucsd": Format(
        "UCSD Book Graph",
        "for academic use only; not to be passed on or used commercially",
        ucsd.read,
    ),
    "amazon-2023": Format(
        "Amazon Reviews 2023, Books",
        "published for research, under no open licence; ask its authors before any other use",
        amazon.read,
    ),
}
CSV = "csv"
CSV_LICENCE = "that of the file"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What to convert: a format of `FORMATS`, or a CSV file by its columns.

    Attributes
    ----------
    columns
        Of a CSV file: which of its columns means what, by `columns.MEANINGS`.
    highest
        Of a CSV file: the rating that is worth five stars.
    """

    format: str
    path: Path
    columns: Mapping[str, str] = field(default_factory=dict)
    highest: float = MAX_STARS


def convert(session: SparkSession, source: Source, wanted: Wanted, out: Path) -> None:
    """Write the set as a folder in the format of goodbooks-10k.

    Raises
    ------
    BadData
        If the files are not what the format says, or nothing is left.
    OSError
        If the folder can't be written.
    """
    if source.format == CSV:
        tables = columns.read(session, source.path, source.columns, highest=source.highest)
        write(kept(tables, wanted), out, name=source.path.stem, licence=CSV_LICENCE)
        return
    chosen = FORMATS[source.format]
    write(
        kept(chosen.read(session, source.path), wanted),
        out,
        name=chosen.name,
        licence=chosen.licence,
    )


def described() -> str:
    """The formats with their licences, for a command's help."""
    lines = [f"{word}: {one.name}, {one.licence}" for word, one in FORMATS.items()]
    return "; ".join([*lines, f"{CSV}: any CSV file, by --columns"])
