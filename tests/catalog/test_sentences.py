"""Where a description may be cut."""

import pytest

from catalog.sentences import sentence_ends, shorten, unquoted


def sentences(text: str) -> list[str]:
    ends = sentence_ends(text)
    return [text[start:end].strip() for start, end in zip([0, *ends], ends, strict=False)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("She left. He stayed!", ["She left.", "He stayed!"]),
        ("He went to St. Mary's. She stayed.", ["He went to St. Mary's.", "She stayed."]),
        (
            "Dr. J. K. Who met Mr. and Mrs. X. Y. Poe.",
            ["Dr. J. K. Who met Mr. and Mrs. X. Y. Poe."],
        ),
        ("It costs 3.5 dollars. No. 5 is best.", ["It costs 3.5 dollars.", "No. 5 is best."]),
        ("The answer is no. He goes.", ["The answer is no.", "He goes."]),
        ("In the U.S. Army, at 5 p.m. Monday.", ["In the U.S. Army, at 5 p.m. Monday."]),
        ("She waited... Then he came. End.", ["She waited... Then he came.", "End."]),
        ("She waited . . . Then he came.", ["She waited . . . Then he came."]),
        ("She waited… Then he came.", ["She waited… Then he came."]),
        ('He said "Late. Go." Then he left.', ['He said "Late. Go."', "Then he left."]),
        ("“One. Two.” Three.", ["“One. Two.”", "Three."]),
        ('"Go! Now!" he cried. She went.', ['"Go! Now!" he cried.', "She went."]),
        (
            'It is "Garp". She reads it (twice). End.',
            ['It is "Garp".', "She reads it (twice).", "End."],
        ),
        ("Who? he asked. Nobody.", ["Who? he asked.", "Nobody."]),
        ("A thing (see p. 5. Or not.) here. End.", ["A thing (see p. 5. Or not.) here.", "End."]),
        ("First.\nSecond.", ["First.", "Second."]),
        ("はい。そして。", ["はい。", "そして。"]),
        ('It begins: "a quote. And never ends.', ['It begins: "a quote.', "And never ends."]),
        ("no end", []),
        ("", []),
    ],
)
def test_a_sentence_ends_where_there_is_no_doubt(text: str, expected: list[str]) -> None:
    assert sentences(text) == expected


def test_a_long_text_is_cut_at_a_sentence_or_else_at_a_word() -> None:
    assert shorten("It is short.", 20) == "It is short."
    assert shorten("It was St. Ives. Then it was gone.", 22) == "It was St. Ives."
    assert shorten("It is. One word, behind another one", 30) == "It is. One word, behind…"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"A girl goes."', "A girl goes."),
        (' "A girl goes. \n', "A girl goes."),
        ('A girl goes."', "A girl goes."),
        ('"The Kite Runner" by X is "good".', '"The Kite Runner" by X is "good".'),
        ('"Embark on "The Guide" and go.', 'Embark on "The Guide" and go.'),
        ('"He said "Go" and left."', 'He said "Go" and left.'),
        ('It is "good"', 'It is "good"'),
        ('"', ""),
        ("", ""),
    ],
)
def test_quotation_marks_around_the_whole_go_and_those_within_stay(
    text: str, expected: str
) -> None:
    assert unquoted(text) == expected
