"""Makes the table and serves: ``DATABASE_URL=... python -m tests.benchmarks.stock PORT daphne``."""

from __future__ import annotations

import os
import sys

_APPLICATION = "tests.benchmarks.stock.asgi:application"


def main(port: str, asgi_server: str) -> None:
    """Serve on ``port`` of this machine, by daphne or uvicorn, until the process ends."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.benchmarks.stock.settings"
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", run_syncdb=True, verbosity=0)
    if asgi_server == "uvicorn":
        import uvicorn

        uvicorn.run(_APPLICATION, port=int(port), log_level="warning", lifespan="off")
    else:
        from daphne.cli import CommandLineInterface

        options = ["-b", "127.0.0.1", "-p", port, "-v", "0", _APPLICATION]
        CommandLineInterface().run(options)


if __name__ == "__main__":
    main(*sys.argv[1:3])
