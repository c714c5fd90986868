"""What services raise when something may not be; interfaces turn it into their own language.

Their texts are English wherever they are logged, stored, or sent to a station; what was filled in
stays apart from them, so that ``texts.localised`` can say them to whoever reads.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class Text(str):
    """A sentence in English that can be said in other languages, too.

    ``template`` is a literal, with named places (``%(station)s``) for what is ``filled`` in:
    values, other Texts, members of choices.
    """

    template: str
    filled: dict[str, Any]

    def __new__(cls, template: str, /, **filled: Any) -> Text:
        """``template`` itself, where there is nothing to fill in."""
        made = super().__new__(cls, template % filled if filled else template)
        made.template, made.filled = template, filled
        return made


class DomainError(Exception):
    """What the caller asked for may not be. ``message`` is for people, ``code`` for programs.

    The texts are literals, which ``make messages`` finds; ``filled`` goes into all of them.
    """

    code = "invalid"

    def __init__(
        self, message: str, /, *, fields: Mapping[str, Sequence[str]] | None = None, **filled: Any
    ) -> None:
        self.message = _text(message, filled)
        self.fields = {
            name: [_text(each, filled) for each in texts] for name, texts in (fields or {}).items()
        }
        super().__init__(self.message)

    @classmethod
    def of_fields(cls, fields: Mapping[str, Sequence[str]], /) -> Any:
        """What is wrong with each field, given as Texts; the first of it is the message."""
        name, (problem, *_) = next(iter(fields.items()))
        return cls(Text("%(field)s %(problem)s", field=name, problem=problem), fields=fields)

    @classmethod
    def of_field(cls, field: str, problem: str, /, *, prefix: str = "", **filled: Any) -> Any:
        """What is wrong with one field, such as "should be above zero", said of its name.

        ``prefix`` comes before the name in ``fields``.
        """
        text = _text(problem, filled)
        said = Text("%(field)s %(problem)s", field=field, problem=text)
        return cls(said, fields={f"{prefix}{field}": [text]})


class NotFound(DomainError):
    """What was named does not exist."""

    code = "not_found"


class Conflict(DomainError):
    """What was asked for contradicts what is."""

    code = "conflict"


class StationOffline(Conflict):
    """The station is not connected, so it cannot be asked now."""

    code = "station_offline"


def _text(text: str, filled: dict[str, Any]) -> Text:
    return text if isinstance(text, Text) else Text(text, **filled)
