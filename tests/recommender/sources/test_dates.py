"""Dates as files have them: their order is told by the file."""

from datetime import date

import pytest
import time_machine

from recommender.sources.dates import DateOrder, DoubtfulDate

MARCH_4 = date(2023, 3, 4)
APRIL_3 = date(2023, 4, 3)


def order_of(*texts: str) -> DateOrder:
    order = DateOrder()
    order.learn(texts)
    return order


@pytest.mark.parametrize(
    "text",
    [
        "2023/03/04",
        "2023-03-04",
        "2023.3.4",
        "[2023-03-04]",
        "2023-03-04T10:00:00Z",
        "2023/03/04 10:00",
        "Mar 4, 2023",
        "March 4th, 2023",
        "4 March 2023",
        "4-Mar-23",
    ],
)
def test_dates_that_can_be_read_in_one_way(text: str) -> None:
    assert order_of().read(text) == MARCH_4


@pytest.mark.parametrize("text", ["04/03/2023", "4/3/23", "04-03-2023"])
def test_one_day_beyond_the_twelfth_tells_the_order_of_all(text: str) -> None:
    assert order_of(text, "25/01/2023").read(text) == MARCH_4
    assert order_of(text, "01/25/2023").read(text) == APRIL_3
    with pytest.raises(DoubtfulDate):
        order_of(text, "01/02/2023").read(text)
    with pytest.raises(DoubtfulDate):
        order_of("25/01/2023", "01/25/2023").read(text)


def test_points_stand_behind_the_day() -> None:
    assert order_of("4.3.2023").read("4.3.2023") == MARCH_4


def test_a_day_that_is_the_same_in_both_orders_is_no_doubt() -> None:
    assert order_of().read("05/05/2023") == date(2023, 5, 5)
    assert order_of().read("25/01/2023") == order_of().read("01/25/2023") == date(2023, 1, 25)


@time_machine.travel("2026-07-01T12:00:00Z")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "2020/13/01",
        "0020/05/01",
        "2030/01/01",
        "1812-01-01",
        "31/02/2020",
        "7 Foo 2020",
    ],
)
def test_what_is_no_day_or_an_absurd_one(text: str) -> None:
    assert order_of("25/01/2023").read(text) is None
