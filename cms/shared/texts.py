"""What services say, in the language of whoever reads; their texts themselves are English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Choices
from django.utils.functional import Promise
from django.utils.translation import gettext, override

from cms.shared.errors import Text


def localised(text: object) -> str:
    """``text`` in the reader's language where it is a Text; any other as it is."""
    if not isinstance(text, Text):
        return str(text)
    template: Any = text.template
    said = template if isinstance(template, Promise) else gettext(template)
    parts = {name: _part(value) for name, value in text.filled.items()}
    return str(said % parts if parts else said)


def of_fields(fields: Mapping[str, list[Text]]) -> dict[str, list[str]]:
    """What is wrong with each field, in the reader's language."""
    return {name: [localised(each) for each in texts] for name, texts in fields.items()}


def of_validation(error: ValidationError) -> list[Text]:
    """What a field or a model refuses, as services say it."""
    errors: list[Any] = error.error_list
    with override("en"):
        return [Text(each.message, **(each.params or {})) for each in errors]


def of_lazy(text: Any) -> Text:
    """A lazily translated text, as services say it."""
    with override("en"):
        return Text(text)


def of_model(error: ValidationError) -> dict[str, list[Text]]:
    """What a model refuses, by field."""
    return {
        name: [text for each in errors for text in of_validation(each)]
        for name, errors in error.error_dict.items()
    }


def _part(value: Any) -> Any:
    if isinstance(value, Text):
        return localised(value)
    return value.label if isinstance(value, Choices) else value
