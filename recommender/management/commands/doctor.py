"""Says what is wrong with an installation, in sentences."""

import logging
import sys
from typing import Any

from django.core.management.base import BaseCommand

from recommender.services.doctor import Verdict, examine


class Command(BaseCommand):
    help = "Tries database, broker, store, mail and the other parts, and says what is wrong."
    requires_system_checks = ()  # they are among what is told

    def handle(self, **_options: Any) -> None:
        logging.disable()  # the findings say what failed
        try:
            found = examine()
        finally:
            logging.disable(logging.NOTSET)
        width = max(len(one.part) for one in found)
        for one in found:
            self.stdout.write(f"{one.verdict:5}  {one.part:{width}}  {one.sentence}")
        wrong = [one.part for one in found if one.verdict is Verdict.WRONG]
        if wrong:
            self.stdout.write(f"\nNot well: {', '.join(wrong)}.")
            sys.exit(1)
        self.stdout.write("\nAll is well.")
