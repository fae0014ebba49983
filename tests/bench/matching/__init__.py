"""How well and how fast exports of every kind find their books, on services of their own."""
