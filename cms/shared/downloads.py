"""Files for people: always saved, never shown, whatever is in them."""

from __future__ import annotations

from pathlib import Path

from django.http import FileResponse, Http404


def saved(path: Path, name: str) -> FileResponse:
    """The file at ``path`` as a browser saves it. Raises Http404 where it is gone."""
    try:
        file = path.open("rb")
    except OSError:
        raise Http404("The file is not there any more") from None
    response = FileResponse(
        file, as_attachment=True, filename=name, content_type="application/octet-stream"
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response["Cache-Control"] = "private, no-store"
    # Else it would be compressed on the way: the longest of all work, for what mostly is already.
    response["Content-Encoding"] = "identity"
    return response
