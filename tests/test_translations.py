"""What people read, they can read in every language."""

from __future__ import annotations

from datetime import timedelta

import pytest
from babel.messages.catalog import Catalog
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import override

from cms import names
from cms.shared import display
from scripts import messages, refusals
from stations.models import ChargingSession, ConnectorStatus

pytestmark = pytest.mark.once


@pytest.fixture(scope="module")
def wanted():
    """Every text that is marked in our sources, names a model, or comes from Unfold."""
    return {messages.key_of(message) for message in messages.template() if message.id}


def in_catalogue(language: str) -> set[messages.Key]:
    """What a catalogue has a place for."""
    return {messages.key_of(message) for message in messages.stored(language) if message.id}


def test_there_is_a_catalogue_for_every_language_one_can_choose():
    assert {code for code, _ in settings.LANGUAGES} == {"en", *messages.LANGUAGES}


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_every_text_of_ours_and_of_unfold_stands_in_the_catalogue(language, wanted):
    assert in_catalogue(language) == wanted, "run `make messages` and translate what is new"


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_every_text_is_translated_with_all_that_is_filled_in(language):
    found = [(each.id, messages.wrong_with(each)) for each in messages.stored(language) if each.id]
    assert not [(text, problem) for text, problem in found if problem]


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_what_programs_read_was_compiled_from_what_people_wrote(language):
    compiled = messages.compiled(messages.stored(language))
    assert messages.path_of(language, "mo").read_bytes() == compiled, "run `make messages`"


def test_what_is_marked_is_found_in_sources_and_templates(tmp_path):
    source, template = tmp_path / "a.py", tmp_path / "a.html"
    source.write_text(
        '_("One") + ngettext("%d day", "%d days", n) + pgettext("state", "Open")\n_(x)'
    )
    template.write_text('{% load i18n %}  <p>{% translate "Two" %}</p>\n   {% translate "Three" %}')
    assert list(messages.marked(source)) == [
        (None, "One"),
        (None, ("%d day", "%d days")),
        ("state", "Open"),
    ]
    assert list(messages.marked(template)) == [(None, "Two"), (None, "Three")]


def test_what_services_refuse_with_is_found_without_being_marked(tmp_path):
    source = tmp_path / "a.py"
    source.write_text(
        "class Closed(Conflict):\n"
        "    def __init__(self, day):\n"
        "        super().__init__('It is closed on %(day)s', day=day)\n"
        "raise NotFound('No %(what)s', fields={'a': ['is not there']}, what=1)\n"
        "raise DomainError.of_field('amount', 'is too large')\n"
        "raise Closed('Monday')\n"
        "said = Text('None of them')\n"
    )
    errors = refusals.errors_of([*messages.sources(), source])
    assert sorted(refusals.texts(source, errors)) == [
        "It is closed on %(day)s",
        "No %(what)s",
        "None of them",
        "is not there",
        "is too large",
    ]


@pytest.mark.parametrize(
    "said",
    ["f'No {what}'", "_('None')", "'No ' + what", "'No %s' % what", "what"],
)
def test_a_refusal_no_catalogue_can_have_is_noticed(tmp_path, said):
    source = tmp_path / "a.py"
    source.write_text(f"raise DomainError({said})\nraise DomainError.of_field('a', {said})")
    errors = refusals.errors_of(messages.sources())
    assert len(list(refusals.worked_out(source, errors))) == 2


# Where services hand on a Text that was made elsewhere.
HANDED_ON = {
    "billing/services/corrections.py": {"_FAREWELL[state].template"},
    "billing/services/ledger.py": {"refusal"},
    "billing/services/periods.py": {"found.refusals[0]"},
    "rfid/services/columns.py": {"message"},
    "rfid/services/sheets.py": {"why"},
    "stations/selectors.py": {"missing"},
    "stations/services/assignments.py": {"expected", "wanted"},
    "stations/services/bulk.py": {"error.message"},
    "stations/services/quirks.py": {"problems[0]"},
    "stations/services/templates.py": {"problems[0]"},
}


def test_whatever_services_refuse_with_stands_in_the_catalogues():
    errors = refusals.errors_of(messages.sources())
    itself = {"cms/shared/errors.py", "cms/shared/texts.py"}
    found = {
        name: said
        for path in messages.sources()
        if (said := set(refusals.worked_out(path, errors)))
        and (name := str(path.relative_to(messages.ROOT))) not in itself
    }
    assert found == HANDED_ON


@pytest.mark.parametrize(
    ("text", "said", "problem"),
    [
        ("%(a)s of %(b)s", "%(b)s, %(a)s", ""),
        ("%(a)s of %(b)s", "%(a)s", "has other placeholders"),
        ("Name", "", "is not translated"),
    ],
)
def test_a_translation_that_loses_what_is_filled_in_is_noticed(text, said, problem):
    catalog = Catalog(locale="de")
    catalog.add(text, said)
    [message] = [each for each in catalog if each.id]
    assert messages.wrong_with(message).startswith(problem)
    assert bool(messages.wrong_with(message)) is bool(problem)


def test_models_and_choices_are_named_in_the_readers_language():
    meta = ChargingSession._meta
    with override("de"):
        german = [str(meta.verbose_name), str(ConnectorStatus.FAULTED.label)]
    with override("en"):
        english = [str(meta.verbose_name), str(ConnectorStatus.FAULTED.label)]
    assert english == ["charging session", "Faulted"]
    assert german == ["Ladevorgang", "Gestört"]
    assert "charging session" in names.texts()


@pytest.mark.parametrize(
    ("language", "energy", "past"),
    [
        ("en", "1,234.500 kWh", "3 min ago"),
        ("de", "1.234,500 kWh", "vor 3 min"),
        ("fr", "1\xa0234,500 kWh", "il y a 3 min"),
    ],
)
def test_numbers_and_times_are_written_as_the_language_does(language, energy, past):
    with override(language):
        assert energy in display.kwh(1_234_500)
        assert past in display.ago(timezone.now() - timedelta(minutes=3))


@pytest.mark.django_db
def test_the_language_is_the_browsers_until_somebody_chooses(client):
    login = reverse("admin:login")
    assert b'lang="fr"' in client.get(login, HTTP_ACCEPT_LANGUAGE="fr").content
    chosen = client.post(reverse("set_language"), {"language": "de", "next": login})
    assert chosen.status_code == 302
    assert b'lang="de"' in client.get(login, HTTP_ACCEPT_LANGUAGE="fr").content
