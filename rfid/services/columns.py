"""Which column of a table is which field of a card, and what its cells mean."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import datetime, time
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cms.shared import clock, texts
from cms.shared.errors import DomainError, Text
from rfid.models import CardStatus

FIELDS: Final = {
    "number": gettext_lazy("Number"),
    "label": gettext_lazy("Label"),
    "driver": gettext_lazy("Driver"),
    "group": gettext_lazy("Group"),
    "status": gettext_lazy("State"),
    "reason": gettext_lazy("Reason"),
    "valid_from": gettext_lazy("Valid from"),
    "valid_until": gettext_lazy("Valid until"),
}
LONGEST = {"label": 100, "reason": 200}
# As they are written once accents, spaces and signs are gone: ours, SteVe's, CitrineOS's, and what
# people write in English, German and French.
_HEADINGS = {
    "number": """
        number idtag tagid idtoken token uid rfid rfiduid rfidnumber rfidnummer tag
        cardnumber card cardid carduid kartennummer karte kartenid nummer ladekarte
        ladekartennummer numero numerodecarte numerocarte carte badge numerobadge
        numerodebadge
    """,
    "label": """
        label name note notes description comment visualnumber printednumber bezeichnung
        beschreibung bemerkung kommentar notiz kartenname libelle nom remarque commentaire
    """,
    "driver": """
        driver user username userid email emailaddress mail account holder owner fahrer
        benutzer benutzername nutzer konto inhaber kunde conducteur utilisateur titulaire
        compte client
    """,
    "group": """
        group groupname parentidtag parentid parent groupid groupidtoken
        groupauthorizationid gruppe kartengruppe groupe groupedecartes
    """,
    "status": """
        status state active enabled blocked zustand aktiv gesperrt statut etat actif
        bloque bloquee maxactivetransactioncount
    """,
    "reason": """
        reason statusreason blockreason grund sperrgrund motif raison
    """,
    "valid_from": """
        validfrom startdate activationdate gultigab gueltigab gultigvon gueltigvon beginn
        valablede valabledepuis datedebut
    """,
    "valid_until": """
        validuntil validto expiry expires expirydate expirydatetime expirationdate enddate
        cacheexpirydatetime gultigbis gueltigbis ablauf ablaufdatum valablejusquau
        dateexpiration datedexpiration expiration datefin
    """,
}
_OF = {heading: field for field, words in _HEADINGS.items() for heading in words.split()}
_INVERTED = {"blocked", "gesperrt", "bloque", "bloquee"}  # where yes means that it may not charge
_YES = set("1 true yes y x ja wahr oui vrai".split())
_NO = set("0 false no n nein falsch non faux".split())
_ACTIVE = set("active accepted valid enabled aktiv gultig freigegeben actif active valide".split())
_BLOCKED = set("blocked invalid disabled inactive gesperrt inaktiv bloque bloquee inactif".split())
_EXPIRED = set("expired abgelaufen expire expiree".split())
_DAYS = ("%d.%m.%Y", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y %H:%M", "%d/%m/%Y %H:%M")


def folded(text: str) -> str:
    """``text`` as headings and words are compared: small letters and digits."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in plain if letter.isalnum() and letter.isascii())


def guessed(headings: Sequence[str]) -> list[str]:
    """The field of each column by its heading, or ""; each field once, the first is it."""
    taken: set[str] = set()
    found = []
    for heading in headings:
        field = _OF.get(folded(heading), "")
        found.append("" if field in taken else field)
        taken.add(field)
    return found


def check(fields: Sequence[str]) -> None:
    """Raise DomainError unless one column is the number, and none is what another one is."""
    chosen = [field for field in fields if field]
    unknown = [field for field in chosen if field not in FIELDS]
    twice = [FIELDS[f] for f in FIELDS if chosen.count(f) > 1]
    if unknown:
        raise _wrong(Text("There is no field %(name)s.", name=unknown[0]))
    if "number" not in chosen:
        raise _wrong(Text("Say which column is the number of the card."))
    if twice:
        raise _wrong(Text("Two columns are chosen as %(name)s.", name=texts.of_lazy(twice[0])))


def status(text: str, heading: str) -> str:
    """The CardStatus a cell stands for. Raises ValueError."""
    word, inverted = folded(text), folded(heading) in _INVERTED
    if word in _YES | _NO or word.isdigit():
        may = (word in _NO) if inverted else word not in _NO
        return CardStatus.ACTIVE if may else CardStatus.BLOCKED
    if text.strip() == "-1":  # SteVe: any number of transactions at once
        return CardStatus.ACTIVE
    for words, found in ((_ACTIVE, "Active"), (_BLOCKED, "Blocked"), (_EXPIRED, "Expired")):
        if word in words:
            return CardStatus(found)
    raise ValueError(_("should be Active, Blocked or Expired"))


def moment(text: str, *, is_end: bool) -> datetime:
    """The time a cell names, in the zone of who asks; a day alone ends with its last second.

    Raises ValueError.
    """
    zone = timezone.get_current_timezone()
    for form in _DAYS:
        try:
            found = datetime.strptime(text, form).replace(tzinfo=zone)
        except ValueError:
            continue
        return _whole(found, is_end and "%H" not in form)
    try:
        if len(text) == len("2026-12-31"):
            day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=zone)
            return _whole(day, is_end)
        found = clock.parse(text, zone=zone)
    except ValueError:
        raise ValueError(_("should be a day such as 2026-12-31")) from None
    midnight = timezone.localtime(found).time() == time()
    return _whole(found, is_end and midnight and text.endswith("00:00:00"))


def _whole(found: datetime, is_day: bool) -> datetime:
    return found.replace(hour=23, minute=59, second=59) if is_day else found


def _wrong(message: Text) -> DomainError:
    return DomainError(message, fields={"columns": [message]})
