"""The picture of a shared list."""

import io

from PIL import Image, ImageChops

from recommender.drawing.cards import HEIGHT, SHELF, WIDTH, draw_card
from recommender.drawing.covers import MOTIFS, draw

COVERS = [draw(number=n, title="The Sea, the Sea", author="Iris Murdoch") for n in range(60)]


def picture(name: str = "Winter", why: str = "", covers: int = 5) -> Image.Image:
    drawn = draw_card(name=name, why=why, covers=COVERS[:covers])
    return Image.open(io.BytesIO(drawn)).convert("RGB")


def changed(one: Image.Image, other: Image.Image) -> tuple[int, int, int, int] | None:
    return ImageChops.difference(one, other).getbbox()


def test_it_shows_the_name_the_reason_and_the_covers() -> None:
    plain = picture(covers=0)
    assert plain.size == (WIDTH, HEIGHT)
    for other in (picture(name="Summer", covers=0), picture(why="Emma", covers=0), picture()):
        assert changed(plain, other)


def test_the_longest_words_stay_above_the_covers_and_within_the_picture() -> None:
    full = picture(name="Wintereveningsbythefire " * 9, why="Because they liked it " * 20)
    edges = [full.crop(box) for box in ((0, 0, 60, SHELF), (WIDTH - 60, 0, WIDTH, SHELF))]
    assert all(len(edge.getcolors() or []) == 1 for edge in edges)
    lowest = changed(picture(covers=0, name="Winter"), full)
    assert lowest
    assert lowest[3] <= SHELF


def test_letters_that_the_type_lacks_are_left_out() -> None:
    assert changed(picture(name="Emma 书"), picture(name="Emma ")) is None
    assert changed(picture(name="Идиот"), picture(name="What to read next")) is None
    assert changed(picture(name="Śmierć"), picture(name="mier"))


def test_every_ornament_is_drawn() -> None:
    firsts = {cover.motif: cover for cover in COVERS}
    assert firsts.keys() == set(MOTIFS)
    drawn = {draw_card(name="", why="", covers=[cover]) for cover in firsts.values()}
    assert len(drawn) == len(MOTIFS)
