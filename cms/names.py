"""What models, fields and choices are called, and constraints say, in the reader's language.

Their names are read off the models, so that no model says each of its names twice: ``make
messages`` finds them here, and ``translate`` replaces each by its lazy translation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partialmethod
from typing import Any

from django.apps import apps
from django.db.models import BaseConstraint, Choices, Field, Model
from django.utils.encoding import force_str
from django.utils.translation import gettext_lazy, override

OURS = ("accounts", "rfid", "stations", "billing", "ocpp_gateway")
_OF_MODELS = re.compile(rf"(cms\.)?({'|'.join(OURS)})\.models\b")
Say = Callable[[Any], Any]


def texts() -> list[str]:
    """Every name that wants a translation, in English."""
    found: set[str] = set()

    def note(text: Any) -> Any:
        found.add(str(text))
        return text

    with override("en"):
        _each(note)
    for label in OURS:
        for model in apps.get_app_config(label).get_models():
            found |= {str(name) for _codename, name in model._meta.permissions}
    return sorted(found)


def translate() -> None:
    """Let every name be said in the reader's language, from now on."""
    _each(lambda text: gettext_lazy(str(text)))
    for label in OURS:
        for model in apps.get_app_config(label).get_models():
            for field in model._meta.local_fields:
                _say_one(model, field)


def _each(said: Say) -> None:
    """Replace every name by what ``said`` makes of it."""
    for label in OURS:
        config = apps.get_app_config(label)
        config.verbose_name = said(config.verbose_name)
        for model in config.get_models():
            meta: Any = model._meta
            meta.verbose_name = said(meta.verbose_name)
            meta.verbose_name_plural = said(meta.verbose_name_plural)
            for constraint in meta.constraints:
                _constraint(constraint, said)
            for field in [*meta.local_fields, *meta.local_many_to_many]:
                _field(field, said)
    for choices in _enumerations(Choices):
        for member in choices:
            member._label_ = said(member.label)


def _constraint(constraint: BaseConstraint, said: Say) -> None:
    """What it says where it is violated, unless that is Django's own sentence."""
    if constraint.violation_error_message != constraint.default_violation_error_message:
        constraint.violation_error_message = said(constraint.violation_error_message)


def _field(field: Field[Any, Any], said: Say) -> None:
    field.verbose_name = said(field.verbose_name)
    if field.help_text:
        field.help_text = said(field.help_text)
    if field.choices:
        pairs: Any = field.choices
        field.choices = [(value, said(label)) for value, label in pairs]


def _say_one(model: type[Model], field: Field[Any, Any]) -> None:
    """Let ``get_status_display`` say the one choice a row has: Django's own translates them all."""
    name = f"get_{field.name}_display"
    if not isinstance(model.__dict__.get(name), partialmethod):  # it has none, or one of its own
        return
    labels: dict[Any, Any] = dict(field.flatchoices)

    def display(row: Model) -> Any:
        value = getattr(row, field.attname)
        return force_str(labels.get(value, value), strings_only=True)

    setattr(model, name, display)


def _enumerations(kind: Any) -> Iterator[Any]:
    """The choices our models have; others may not be there yet when the app is ready."""
    for each in kind.__subclasses__():
        yield from _enumerations(each)
        if len(each) and _OF_MODELS.match(each.__module__):
            yield each
