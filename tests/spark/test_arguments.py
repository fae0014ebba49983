"""The command line of the build."""

from pathlib import Path

import pytest

from spark.build import parse_arguments


def facts(ratings: Path, *more: str) -> tuple[str | None, bool]:
    options = parse_arguments(["--ratings", str(ratings), "--store", "/none", *more])
    return options.dataset, options.simulated


def test_the_folder_may_say_what_its_ratings_are(tmp_path: Path) -> None:
    ratings = tmp_path / "ratings.csv"
    ratings.write_text("user_id,book_id,rating\n")
    assert facts(ratings) == (None, False)
    (tmp_path / "dataset.json").write_text('{"name": "my shelf", "simulated": true}')
    assert facts(ratings) == facts(tmp_path) == ("my shelf", True)
    # Invented readers stay invented under another name.
    assert facts(ratings, "--dataset=other") == ("other", True)


def test_an_unreadable_description_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "dataset.json").write_text("[")
    with pytest.raises(SystemExit):
        facts(tmp_path)
    assert "is not JSON; repair or remove it" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flag", "said"),
    [
        ("--rank=0", "--rank: 0 is not a whole number from 1 on"),
        ("--iterations=none", "--iterations: none is not a whole number from 1 on"),
        ("--hold-out=-1", "--hold-out: -1 is not a whole number from 0 on"),
        ("--alpha=0", "--alpha: 0 is not a number above 0"),
        ("--regularization=nan", "--regularization: nan is not a number above 0"),
        ("--max-books=0", "--max-books: 0 is not a whole number from 1 on"),
        ("--min-ratings=-3", "--min-ratings: -3 is not a whole number from 1 on"),
        ("--highest=inf", "--highest: inf is not a number above 0"),
    ],
)
def test_numbers_have_bounds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], flag: str, said: str
) -> None:
    with pytest.raises(SystemExit):
        facts(tmp_path, flag)
    assert said in capsys.readouterr().err
