"""The texts people read, in every language: `make messages` brings cms/locale up to date.

Finds what our sources and templates mark for translation, what services refuse with, and what
Unfold marks but neither it nor Django translates; adds what is new to each catalogue, drops what
is gone, and compiles them.
Prints what still wants a translation, and ends with 1 where something does.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import django
import unfold
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_python
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from cms import names
from scripts import refusals

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "cms" / "locale"
LANGUAGES = ("de", "fr")
APPS = ("cms", "stations", "billing", "rfid", "ocpp_gateway")
# Which argument of a function is what: ngettext(singular, plural), pgettext(context, text).
_FORMS: dict[str, tuple[str, ...]] = {
    "gettext": ("text",),
    "ngettext": ("text", "plural"),
    "pgettext": ("context", "text"),
    "npgettext": ("context", "text", "plural"),
}
_KEYWORDS = {"_": ("text",), "lazy": ("text",), "gettext_noop": ("text",), **_FORMS} | {
    f"{name}_lazy": form for name, form in _FORMS.items()
}
_PLACEHOLDER = re.compile(r"%\((\w+)\)[sd]|{(\w*)}")
_OF_THE_DAY = re.compile(
    r'"(Project-Id|Report-Msgid|POT-Creation|PO-Revision|Last-Tr|Language-Team|Generated-By)'
)
_NO_DAY = datetime(2000, 1, 1, tzinfo=UTC)
Key = tuple[str | None, str | tuple[str, str]]  # context; text, or singular and plural


def main() -> int:
    """Bring every catalogue up to date; the exit status says whether all of it is translated."""
    django.setup()
    wanted = template()
    wrong = 0
    for language in LANGUAGES:
        catalog = stored(language)
        catalog.update(wanted, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        path_of(language).write_bytes(written(catalog))
        path_of(language, "mo").write_bytes(compiled(catalog))
        for message in catalog:
            if message.id and (problem := wrong_with(message)):
                print(f"{language}: {message.id!r} {problem}")
                wrong += 1
    return 1 if wrong else 0


def template() -> Catalog:
    """Everything that wants a translation, with the files it comes from."""
    catalog = Catalog(charset="utf-8")
    errors = refusals.errors_of(sources())
    for path in ours():
        refused = refusals.texts(path, errors) if path.suffix == ".py" else ()
        for context, text in [*marked(path), *((None, text) for text in refused)]:
            catalog.add(text, context=context, locations=[(str(path.relative_to(ROOT)), 0)])
    known = {key_of(message) for message in catalog}
    named: set[Key] = {(None, text) for text in names.texts()}
    for context, text in sorted(lacking(named | of_unfold()) - known, key=str):
        place = "models" if (context, text) in named else "unfold"
        catalog.add(text, context=context, locations=[(place, 0)])
    return catalog


def ours() -> list[Path]:
    """Every source and template of ours that people may read from."""
    templates = [path for path in (ROOT / "templates").rglob("*") if path.is_file()]
    return sorted([*sources(), *templates])


def sources() -> list[Path]:
    """Every source of ours that runs."""
    found = [path for app in APPS for path in (ROOT / app).rglob("*.py")]
    return sorted(path for path in found if "migrations" not in path.parts)


def of_unfold() -> set[Key]:
    """What Unfold marks."""
    root = Path(unfold.__file__).parent
    paths = [*root.rglob("*.py"), *root.rglob("*.html")]
    return {key for path in paths for key in marked(path)}


def lacking(keys: set[Key]) -> set[Key]:
    """Those of the texts that Django, on whose catalogues ours lean, has not in all languages."""
    return {key for key in keys if not all(key in of_django(each) for each in LANGUAGES)}


@cache
def of_django(language: str) -> frozenset[Key]:
    """What Django itself translates into a language."""
    compiled = Path(django.__file__).parent.rglob(f"locale/{language}/LC_MESSAGES/django.mo")
    keys: set[Key] = set()
    for path in compiled:
        with path.open("rb") as file:
            keys |= {key_of(message) for message in read_mo(file)}
    return frozenset(keys)


def marked(path: Path) -> Iterator[Key]:
    """What a file marks for translation."""
    text = path.read_text()
    if path.suffix != ".py":
        # Calls between blanked-out text, whose indentation means nothing.
        text = "\n".join(line.strip() for line in templatize(text).splitlines())
    found = extract_python(io.BytesIO(text.encode()), _KEYWORDS, [], {})  # type: ignore[arg-type]
    for _line, name, parts, _comments in found:
        given = dict(zip(_KEYWORDS[str(name)], _several(parts), strict=False))
        if given.get("text"):  # else it is worked out, and marked where it stands
            one, many = given["text"], given.get("plural")
            yield given.get("context"), (one, many) if many else one


def key_of(message: Message) -> Key:
    """What a message of a catalogue is the translation of."""
    text = message.id
    return message.context, text if isinstance(text, str) else (text[0], text[1])


def wrong_with(message: Message) -> str:
    """What hinders people from reading a message: untranslated, or its placeholders differ."""
    ids, texts = _several(message.id), _several(message.string)
    if message.fuzzy or not all(texts):
        return "is not translated"
    allowed = [set(_PLACEHOLDER.findall(text)) for text in ids]
    # A singular may say "one" where the plural has the number.
    if any(set(_PLACEHOLDER.findall(text)) not in allowed for text in texts):
        return f"has other placeholders in its translation: {texts}"
    return ""


def _several(text: Any) -> list[str]:
    """What Babel gives as one text, several, or None, as several."""
    return [text or ""] if isinstance(text, str | None) else list(text)


def path_of(language: str, kind: str = "po") -> Path:
    """The catalogue of a language: written (po) or compiled (mo)."""
    return LOCALE / language / "LC_MESSAGES" / f"django.{kind}"


def stored(language: str) -> Catalog:
    """The catalogue of a language as it lies in the repository; empty where there is none."""
    path = path_of(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        return Catalog(locale=language, header_comment="# Voltdesk", charset="utf-8", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def written(catalog: Catalog) -> bytes:
    """A catalogue as text, without anything that changes from day to day."""
    out = io.BytesIO()
    write_po(out, catalog, omit_header=False, sort_output=True, include_lineno=False, width=100)
    kept = [line for line in out.getvalue().decode().splitlines() if not _OF_THE_DAY.match(line)]
    return ("\n".join(kept).rstrip() + "\n").encode()


def compiled(catalog: Catalog) -> bytes:
    """A catalogue as programs read it."""
    catalog.creation_date = catalog.revision_date = _NO_DAY  # else no two were alike
    out = io.BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


if __name__ == "__main__":
    sys.exit(main())
