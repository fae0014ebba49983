"""The order in which a page shows books, as the query string has it."""

from collections.abc import Sequence

from recommender.selectors.browse import Order


def chosen_order(value: str | None, orders: Sequence[Order]) -> Order:
    """The order asked for, if the page has it; otherwise its first."""
    return next((order for order in orders if order == value), orders[0])
