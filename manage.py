#!/usr/bin/env python
"""Django's command line for Proto Admin."""

import os
import sys

MINIMUM_PYTHON = (3, 11)


def main() -> None:
    """Run one management command."""
    if sys.version_info < MINIMUM_PYTHON:
        wanted = ".".join(map(str, MINIMUM_PYTHON))
        sys.exit(f"Proto Admin needs Python {wanted} or newer; this is {sys.version.split()[0]}.")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "protoadmin.settings")
    from django.core.management import execute_from_command_line  # noqa: PLC0415 - after the version check

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
