"""Terms as JSON: read and checked, with every error under the name of its field, and written."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, time
from decimal import Decimal
from typing import Any, TypeVar

from billing.rating import checks
from billing.rating.terms import (
    ALWAYS,
    FLAT,
    Component,
    Kind,
    Per,
    Restrictions,
    StepRounding,
    TaxRounding,
    Terms,
    Window,
)
from cms.shared import money
from cms.shared.errors import DomainError, Text

T = TypeVar("T")
DAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
_MOST = 10**9
_NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,6})?")
_CLOCK = r"((?:[01][0-9]|2[0-3]):[0-5][0-9])"
_WINDOW = re.compile(f"{_CLOCK}-{_CLOCK}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class InvalidTerms(DomainError):
    """The terms make no sense; ``fields`` says where: ``components.0.price``."""


def terms(document: Any) -> Terms:
    """The terms a JSON document (decoded) states. Raises InvalidTerms with all that is wrong."""
    problems: dict[str, list[str]] = {}
    members = _Members(document, "", problems)
    currency = members.take("currency", _currency)
    read = {
        "tax_rate": members.take("tax_rate", _percent, Decimal(0)),
        "tax_included": members.take("tax_included", _flag, False),
        "tax_rounding": members.take("tax_rounding", _choice(TaxRounding), TaxRounding.LINE),
        "minimum": members.take("minimum", _decimal, None),
        "maximum": members.take("maximum", _decimal, None),
    }
    components = tuple(
        _component(_Members(item, f"components.{index}", problems))
        for index, item in enumerate(members.take("components", _list, []))
    )
    members.end()
    if not problems:
        found = Terms(currency=currency, components=components, **read)
        for path, problem in checks.problems(found):
            problems.setdefault(path, []).append(problem)
    if problems:
        raise InvalidTerms("The terms of the tariff are not valid.", fields=problems)
    return found


def _component(members: _Members) -> Component:
    kind = members.take("kind", _choice(Kind))
    usual = Per.MINUTE
    if kind in FLAT:
        usual = Per.ONCE
    elif kind is Kind.ENERGY:
        usual = Per.KWH
    read: dict[str, Any] = {
        "price": members.take("price", _decimal),
        "per": members.take("per", _choice(Per), usual),
        "when": members.take("when", members.inner("when", _restrictions), ALWAYS),
        "tax_rate": members.take("tax_rate", _percent, None),
        "step": members.take("step", _count, 0),
        "step_rounding": members.take("step_rounding", _choice(StepRounding), StepRounding.UP),
        "grace_seconds": members.take("grace_seconds", _count, 0),
        "cap": members.take("cap", _decimal, None),
        "not_between": members.take("not_between", _windows, ()),
        "expired": members.take("expired", _flag, None),
    }
    members.end()
    return Component(kind=kind, **read)


def _restrictions(members: _Members) -> Restrictions:
    read: dict[str, Any] = {
        "between": members.take("between", _window, None),
        "weekdays": members.take("weekdays", _weekdays, frozenset()),
        "from_date": members.take("from_date", _date, None),
        "until_date": members.take("until_date", _date, None),
    }
    for name in checks.LIMITS:
        read[name] = members.take(name, _count, None)
    members.end()
    return Restrictions(**read)


_REQUIRED: Any = object()


class _Members:
    """The members of one JSON object, read one by one; what is wrong is noted under its path."""

    def __init__(self, value: Any, path: str, problems: dict[str, list[str]]) -> None:
        self._path = path
        self._problems = problems
        self._left: dict[str, Any] = dict(value) if isinstance(value, dict) else {}
        self._broken = not isinstance(value, dict)
        if self._broken:
            self._note(path or "terms", Text("This must be an object."))

    def take(self, name: str, read: Callable[[Any], Any], default: Any = _REQUIRED) -> Any:
        """The member as ``read`` makes it of its value (raises ValueError), or the default."""
        value = self._left.pop(name, None)
        if value is None:
            if default is _REQUIRED and not self._broken:
                self._note(self._at(name), Text("This is required."))
            return default
        try:
            return read(value)
        except ValueError as problem:
            self._note(self._at(name), _said(problem))
            return default

    def inner(self, name: str, read: Callable[[_Members], T]) -> Callable[[Any], T]:
        """A reader of an object inside this one."""
        return lambda value: read(_Members(value, self._at(name), self._problems))

    def end(self) -> None:
        """Note members that nobody asked for: a misspelt restriction must not become none."""
        for name in self._left:
            self._note(self._at(name), Text("There is no such field."))

    def _at(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name

    def _note(self, path: str, problem: str) -> None:
        self._problems.setdefault(path, []).append(problem)


def _said(problem: ValueError) -> str:
    """What a reader of ours says as a Text, and Python as it is."""
    said = problem.args[0] if problem.args else problem
    return said if isinstance(said, Text) else str(problem)


def _choice(kind: type[T]) -> Callable[[Any], T]:
    """A reader of one of the values of an enumeration."""

    def read(value: Any) -> T:
        known = [member.value for member in kind]  # type: ignore[attr-defined]
        if value not in known:
            raise ValueError(Text("This must be one of %(known)s.", known=", ".join(known)))
        return kind(value)  # type: ignore[call-arg]

    return read


def _currency(value: Any) -> str:
    if not isinstance(value, str) or value not in money.DECIMALS:
        raise ValueError(Text("This must be a currency of ISO 4217, such as EUR."))
    return value


def _decimal(value: Any) -> Decimal:
    """A number that is not negative; best as text, since JSON's own numbers pass through floats."""
    text = str(value) if isinstance(value, (str, int, float, Decimal)) else ""
    if isinstance(value, bool) or not _NUMBER.fullmatch(text):
        raise ValueError(
            Text("This must be a number from 0, with at most 9 digits and 6 decimals.")
        )
    return Decimal(text)


def _percent(value: Any) -> Decimal:
    percent = _decimal(value)
    if percent > 100:
        raise ValueError(Text("This must be at most 100 (percent)."))
    return percent


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MOST:
        raise ValueError(Text("This must be a whole number from 0."))
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(Text("This must be true or false."))
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise ValueError(Text("This must be a list with at least one item."))
    return value


def _window(value: Any) -> Window:
    match = _WINDOW.fullmatch(value) if isinstance(value, str) else None
    if match is None or match[1] == match[2]:
        raise ValueError(Text("This must be two different times of day, such as 22:00-06:00."))
    return Window(time.fromisoformat(match[1]), time.fromisoformat(match[2]))


def _windows(value: Any) -> tuple[Window, ...]:
    return tuple(_window(item) for item in _list(value))


def _weekdays(value: Any) -> frozenset[int]:
    days = _list(value)
    if any(day not in DAYS for day in days):
        raise ValueError(Text("These must be of %(known)s.", known=", ".join(DAYS)))
    return frozenset(DAYS.index(day) for day in days)


def _date(value: Any) -> date:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise ValueError(Text("This must be a date, such as 2026-03-29."))
    return date.fromisoformat(value)


def document(terms: Terms) -> dict[str, Any]:
    """Terms as JSON that ``terms`` reads back; what says nothing is left out."""
    written = {
        "currency": terms.currency,
        "tax_rate": str(terms.tax_rate),
        "tax_included": terms.tax_included,
        "tax_rounding": terms.tax_rounding.value,
        "minimum": _text(terms.minimum),
        "maximum": _text(terms.maximum),
        "components": [_written(component) for component in terms.components],
    }
    return _without_nothing(written)


def _written(component: Component) -> dict[str, Any]:
    written = {
        "kind": component.kind.value,
        "price": str(component.price),
        "per": component.per.value,
        "when": _when(component.when),
        "tax_rate": _text(component.tax_rate),
        "step": component.step or None,
        "step_rounding": component.step_rounding.value if component.step else None,
        "grace_seconds": component.grace_seconds or None,
        "cap": _text(component.cap),
        "not_between": [str(window) for window in component.not_between],
        "expired": component.expired,
    }
    return _without_nothing(written)


def _when(when: Restrictions) -> dict[str, Any]:
    written: dict[str, Any] = {
        "between": _text(when.between),
        "weekdays": [DAYS[day] for day in sorted(when.weekdays)],
        "from_date": _text(when.from_date),
        "until_date": _text(when.until_date),
    }
    written.update({name: getattr(when, name) for name in checks.LIMITS})
    return _without_nothing(written)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _without_nothing(written: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in written.items() if value not in (None, [], {})}
