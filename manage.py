#!/usr/bin/env python
"""Django's command line."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recsite.settings")
    from django.core.management import execute_from_command_line  # noqa: PLC0415 (needs the line above)

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"Bookfold cannot start: {error}")


if __name__ == "__main__":
    main()
