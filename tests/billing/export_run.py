"""A program that makes exports, slowly, and says each row: to be killed in the middle."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import Any

_BETWEEN_S = 0.05


def main() -> None:
    """Make what is due."""
    from billing.reports import exports
    from billing.services import report_exports
    from cms.shared import clock

    stored = exports.rows

    def slowly(scope: Any) -> Iterator[Any]:
        for row in stored(scope):
            sys.stdout.write(f"{row[0]}\n")
            sys.stdout.flush()
            time.sleep(_BETWEEN_S)
            yield row

    exports.rows = slowly  # type: ignore[assignment]
    report_exports.make_due(now=clock.now)


if __name__ == "__main__":
    import django

    django.setup()
    main()
