"""Recommendations on the command line, without an account and without saving anything."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from recommender.engine.release import NoRelease
from recommender.selectors.book_facts import facts_of_history
from recommender.selectors.recommendations import NothingToRecommendFrom, Pick, pick
from recommender.selectors.wording import SUPPORTING, unrated_words
from recommender.services import command_line
from recommender.sources.base import SourceError

REASON_KEYS = ("book_id", "title", "stars", "share", "kind")


class Command(BaseCommand):
    help = "Recommends books from an export file or a Goodreads shelf; nothing is saved."

    def add_arguments(self, parser: ArgumentParser) -> None:
        source = parser.add_mutually_exclusive_group(required=True)
        source.add_argument(
            "--csv",
            type=Path,
            metavar="FILE",
            help="a Goodreads export, or user_id,book_id,rating of one reader",
        )
        source.add_argument("--goodreads-id", metavar="ID", help="number or profile address")
        parser.add_argument("--top", type=int, default=10, help="how many books (default: 10)")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def handle(self, **options: Any) -> None:
        if options["top"] < 1:
            raise CommandError("--top must be at least 1.")
        try:
            if options["csv"]:
                shelf = command_line.from_file(options["csv"])
            else:
                shelf = command_line.from_goodreads(options["goodreads_id"])
            picks = pick(
                ratings=shelf.ratings,
                readings=shelf.readings,
                read=facts_of_history(book_ids=shelf.read),
                known=shelf.known,
                works=shelf.works,
                top=options["top"],
            )
        except (
            SourceError,
            NothingToRecommendFrom,
            NoRelease,
            command_line.UnreadableFile,
        ) as error:
            raise CommandError(str(error)) from error
        if options["json"]:
            self._print_json(shelf, picks.chosen, release=picks.model.release.version)
            return
        self.stdout.write(
            f"{shelf.rows} rows, {len(shelf.known)} in the catalog, {len(picks.used)} used; "
            f"release {picks.model.release.version}, ranker {picks.ranker}"
        )
        for rank, chosen in enumerate(picks.chosen, start=1):
            self.stdout.write(f"{rank:>3}. {_line(chosen)}")

    def _print_json(self, shelf: command_line.Shelf, chosen: list[Pick], *, release: str) -> None:
        answer = {
            "release": release,
            "rows": shelf.rows,
            "matched": len(shelf.known),
            "recommendations": [
                {
                    "rank": rank,
                    "book_id": pick.book.goodbooks_id,
                    "title": pick.book.title,
                    "authors": pick.book.author_names,
                    "score": pick.score,
                    "expected_stars": pick.expected_stars,
                    "reasons": [
                        {name: reason[name] for name in REASON_KEYS} for reason in pick.reasons
                    ],
                }
                for rank, pick in enumerate(chosen, start=1)
            ],
        }
        self.stdout.write(json.dumps(answer, indent=2, ensure_ascii=False))


def _stars(reason: dict[str, Any]) -> str:
    stars = reason["stars"]
    return unrated_words(reason) if stars is None else f"{stars:g}★"


def _line(pick: Pick) -> str:
    stars = f", about {pick.expected_stars:.1f} stars" if pick.expected_stars else ""
    because = ", ".join(
        f"{reason['title']} ({_stars(reason)})"
        for reason in pick.reasons
        if reason["kind"] in SUPPORTING
    )
    why = f"\n     because of {because}" if because else ""
    return f"{pick.book.title}, {', '.join(pick.book.author_names)}{stars}{why}"
