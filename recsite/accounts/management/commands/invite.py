"""Invites people to a site where not everybody may sign up."""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError
from django.core.validators import validate_email

from recsite.accounts.invitations import CannotInvite, invite


class Command(BaseCommand):
    help = "Sends an invitation to each address, and prints its link."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("addresses", nargs="+", metavar="ADDRESS")

    def handle(self, **options: Any) -> None:
        for address in options["addresses"]:
            try:
                validate_email(address)
                self.stdout.write(f"{address} {invite(address=address)}")
            except ValidationError as error:
                raise CommandError(f"{address} is no email address.") from error
            except CannotInvite as error:
                raise CommandError(str(error)) from error
