"""Single columns of a row that may be gone: its reader may just have left, in another tab."""

from typing import Any

from django.db.models import Model


def store_columns(row: Model, **values: Any) -> None:
    """Store the values in the row and in the object; does nothing to a row that is gone."""
    for name, value in values.items():
        setattr(row, name, value)
    type(row)._default_manager.filter(pk=row.pk).update(**values)
