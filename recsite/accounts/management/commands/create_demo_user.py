"""The log-in that `make run` prints, with which one can see the admin too."""

import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from recsite.accounts.models import User

EMAIL = "demo@bookfold.example"


class Command(BaseCommand):
    help = "Create the demo account of an embedded site; print its email address and password."

    def handle(self, **_options: Any) -> None:
        password = _kept_password(settings.BOOKFOLD_HOME / "demo-password")
        user = User.objects.filter(email=EMAIL).first() or User.objects.create_superuser(EMAIL)
        if not user.check_password(password):
            user.set_password(password)
            user.save(update_fields=["password"])
        self.stdout.write(f"{EMAIL} {password}")


def _kept_password(path: Path) -> str:
    if path.is_file():
        return path.read_text().strip()
    password = secrets.token_urlsafe(9)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(f"{password}\n")
    return password
