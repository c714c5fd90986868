"""How batches are said: what became of each command, in a word, a colour and a sentence."""

from __future__ import annotations

from typing import Any

from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy, pgettext_lazy

from cms.shared import display
from stations.admin import words
from stations.models import BatchItem, ItemState
from stations.services import batches, bulk

# In the order of the bar: what is done first, what is still to come last.
TONES = {
    ItemState.DONE: "green",
    ItemState.REFUSED: "red",
    ItemState.FAILED: "red",
    ItemState.TIMED_OUT: "amber",
    ItemState.AWAY: "violet",
    ItemState.SKIPPED: "grey",
    ItemState.ASKED: "blue",
    ItemState.WAITING: "grey",
}
_NAMES: dict[ItemState, Any] = {
    ItemState.DONE: pgettext_lazy("command", "accepted"),
    ItemState.REFUSED: pgettext_lazy("command", "rejected"),
    ItemState.FAILED: pgettext_lazy("command", "failed"),
    ItemState.TIMED_OUT: pgettext_lazy("command", "timed out"),
    ItemState.AWAY: pgettext_lazy("command", "offline"),
    ItemState.SKIPPED: pgettext_lazy("command", "left out"),
    ItemState.ASKED: pgettext_lazy("command", "sent"),
    ItemState.WAITING: pgettext_lazy("command", "waiting"),
}
_SAID: dict[ItemState, Any] = {
    ItemState.TIMED_OUT: gettext_lazy(
        "The station did not answer. It may or may not have done it."
    ),
    ItemState.AWAY: gettext_lazy("It was offline: nothing was sent."),
    ItemState.ASKED: gettext_lazy("Waiting for the answer."),
    ItemState.WAITING: gettext_lazy("It is not its turn yet."),
}
_LEFT_OUT: dict[str, str | Promise] = {
    batches.CHARGING: gettext_lazy("it is charging"),
    bulk.REJECTED: gettext_lazy("it is registered as Rejected"),
    bulk.NO_CONNECTOR: gettext_lazy("it has no such connector"),
    bulk.RUNS_IT: gettext_lazy("it runs this version already"),
    bulk.NOT_FOR_IT: gettext_lazy("the firmware is for another vendor or model"),
}


def name(state: str) -> str:
    """The word for a state."""
    return str(_NAMES[ItemState(state)])


def pill(state: str, number: int | None = None) -> SafeString:
    """The same as a coloured word, with how many there are."""
    known = ItemState(state)
    text = name(known) if number is None else f"{number} {name(known)}"
    return display.pill(text, TONES[known], str(known.label))


def left_out(why: str) -> str:
    """Why a station is not asked with the others, in words."""
    return str(_LEFT_OUT.get(why, why))


def reply(item: BatchItem) -> str:
    """What the station said, or why it said nothing, in a sentence."""
    state = ItemState(item.state)
    if state in (ItemState.DONE, ItemState.REFUSED) and item.command is not None:
        meaning = words.meaning(item.command)
        return ": ".join(filter(None, [item.detail, meaning])) or name(state)
    if state in (ItemState.SKIPPED, ItemState.FAILED):
        return left_out(item.detail)
    return str(_SAID.get(state, item.detail))
