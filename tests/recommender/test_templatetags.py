"""How pages write what they show."""

import pytest
from django import forms
from django.template import Context, Template
from django.template.loader import render_to_string
from django.urls import reverse

from recommender.templatetags import once
from recommender.templatetags.books import byline, folded
from recommender.templatetags.forms import options


def words(count: int, end: str = "") -> str:
    return " ".join(f"word{n}" for n in range(count)) + end


class TestFolded:
    def test_a_short_text_stays_whole(self) -> None:
        assert folded(words(45)).rest == ""

    def test_a_long_one_is_folded_behind_a_sentence(self) -> None:
        text = f"{words(20, '.')} {words(30, '!')}"
        fold = folded(text)
        assert fold.start == words(20, ".")
        assert fold.rest == words(30, "!")
        assert not fold.is_cut
        assert not fold.goes_on

    def test_where_no_sentence_ends_it_is_folded_all_the_same(self) -> None:
        fold = folded(words(60))
        assert f"{fold.start} {fold.rest}" == words(60)
        assert fold.is_cut

    def test_a_very_long_one_goes_on_elsewhere(self) -> None:
        fold = folded(words(1000))
        assert fold.goes_on
        assert fold.rest.endswith(" …")
        assert fold.rest.split() == [f"word{n}" for n in range(32, 64)] + ["…"]

    def test_it_is_folded_behind_no_abbreviation_and_in_no_quote(self) -> None:
        text = f'{words(20)}. {words(8)} of St. Ives and Dr. J. K. Who, "Go. Now." {words(30)}'
        fold = folded(text)
        assert fold.start == f"{words(20)}."
        assert fold.rest.startswith("word0")

    def test_where_no_sentence_ends_a_quote_stays_whole(self) -> None:
        fold = folded(f"{words(28)} “{words(10)}” {words(40)}")
        assert fold.start == words(28)
        assert fold.is_cut
        assert fold.rest.startswith("“word0")

    def test_the_rest_of_a_very_long_one_ends_with_a_sentence_too(self) -> None:
        fold = folded(f"{words(40, '.')} {words(25, '.')} {words(100, '.')}")
        assert fold.rest == words(25, ".")
        assert fold.goes_on

    def test_paragraphs_stay_apart(self) -> None:
        assert "\n\n" in folded(f"{words(40, '.')}\n\n{words(20)}\n\n{words(10)}").rest


def test_options_are_escaped_and_the_chosen_one_is_selected() -> None:
    class Choice(forms.Form):
        what = forms.ChoiceField(choices=[("", "Any"), ("2", "R&B"), ("3", "<None>")])

    assert options(Choice({"what": "2"})["what"]) == (
        '<option value="">Any</option>\n'
        '<option value="2" selected>R&amp;B</option>\n'
        '<option value="3">&lt;None&gt;</option>'
    )
    assert '<option value="" selected>' in options(Choice()["what"])


@pytest.mark.parametrize(
    ("names", "line"),
    [
        ([], ""),
        (["A"], "A"),
        (["A", "B", "C"], "A, B and C"),
        (["A", "B", "C", "D"], "A, B and 2 others"),
    ],
)
def test_many_authors_are_counted(names: list[str], line: str) -> None:
    assert byline(names) == line


def test_a_dismissed_book_is_a_reason_that_leads_to_its_undoing() -> None:
    reason = {"book": 7, "title": "Emma", "stars": None, "share": -0.03, "kind": "dismissed"}
    shown = render_to_string("recommender/_reasons.html", {"reasons": [reason], "what_if": True})
    assert "A little lower, as you said no to" in shown
    assert f'href="{reverse("dismissals")}"' in shown
    assert "what if not" not in shown


class TestOnce:
    SAID = Template(
        "{% load once %}{% once book.0 book.1 %}{% with n=seen %}{{ n }}{% endwith %}{% endonce %}"
    )

    def render(self, *book: object, seen: str) -> str:
        return self.SAID.render(Context({"book": book, "seen": seen}))

    def test_a_part_is_rendered_once_for_all_that_it_says(self) -> None:
        assert self.render("Sea", 1, seen="first") == "first"
        assert self.render("Sea", 1, seen="second") == "first"
        assert self.render("Sea", 2, seen="third") == "third"
        assert self.render("Moor", 1, seen="fourth") == "fourth"

    def test_another_part_of_the_same_book_is_another_part(self) -> None:
        both = Template(
            "{% load once %}{% once 'Sea' %}a{% endonce %}{% once 'Sea' %}b{% endonce %}"
        )
        assert both.render(Context()) == "ab"

    def test_a_process_keeps_so_many_and_no_more(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(once, "MOST_KEPT", 2)
        for title in ("Ash", "Bog", "Cay"):
            self.render(title, 1, seen="before")
        assert [self.render(title, 1, seen="after") for title in ("Bog", "Cay", "Ash")] == [
            "before",
            "before",
            "after",
        ]
