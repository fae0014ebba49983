"""Conditions of PostgreSQL that Django lacks, as expressions: `filter(AnyOf(F("x"), […]))`."""

from typing import Any, ClassVar

from django.core.exceptions import EmptyResultSet
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Lookup
from django.db.models.sql.compiler import SQLCompiler


class _OneParameter(Lookup):
    """A condition whose right side is passed to the database as it is, in one parameter."""

    prepare_rhs = False
    condition: ClassVar[str]  # of the column and the place of the parameter

    def get_db_prep_lookup(
        self, value: Any, connection: BaseDatabaseWrapper
    ) -> tuple[str, tuple[Any, ...]]:
        return "%s", (value,)

    def as_sql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, tuple[Any, ...]]:
        column, before = self.process_lhs(compiler, connection)
        place, values = self.process_rhs(compiler, connection)
        return self.condition.format(column=column, place=place), (*before, *values)


class AnyOf(_OneParameter):
    """Whether a column has one of some numbers, like `number__in=[…]`.

    With a thousand numbers, Django and psycopg take longer to write `IN (%s, %s, …)` than
    PostgreSQL takes to answer.
    """

    lookup_name = "any_of"
    condition = "{column} = ANY({place})"

    def as_sql(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper
    ) -> tuple[str, tuple[Any, ...]]:
        if not self.rhs:
            raise EmptyResultSet
        return super().as_sql(compiler, connection)


class Matches(_OneParameter):
    """Whether a search vector matches a condition of lexemes, "'a' & 'b':*", taken as they are.

    Django's own `SearchQuery` has PostgreSQL parse them once more, by rules that part and drop
    words of some scripts.
    """

    lookup_name = "matches"
    condition = "{column} @@ {place}::tsquery"
