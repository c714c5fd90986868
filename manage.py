#!/usr/bin/env python
"""The command line of Voltdesk: ``manage.py serve`` starts it, ``help`` lists the rest."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command named on the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cms.settings.local")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"Voltdesk cannot start: {error}")


if __name__ == "__main__":
    main()
