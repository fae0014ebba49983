"""Numbers for books that no data set has."""

from django.db import connection

from catalog.models import Book


def next_numbers(count: int) -> list[int]:
    """Unused values of `Book.goodbooks_id`, `count` of them, in ascending order."""
    numbers: list[int] = []
    while len(numbers) < count:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT nextval('catalog_added_number') FROM generate_series(1, %s)",
                [count - len(numbers)],
            )
            drawn = [int(number) for (number,) in cursor.fetchall()]
        # A curator may have typed one.
        taken = set(Book.objects.known_as(drawn).values_list("goodbooks_id", flat=True))
        numbers += [number for number in drawn if number not in taken]
    return numbers
