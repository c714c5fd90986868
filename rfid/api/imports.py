"""Many cards at once over REST: /api/rfid-imports."""

from __future__ import annotations

from typing import Any, ClassVar, Final

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from cms.shared import clock
from cms.shared.api import CamelCase
from rfid.models import CardImport
from rfid.services import imports

MOST = 5000
_CELL = 500
_NEEDED = ("rfid.add_rfidcard", "rfid.change_rfidcard")
# What each is called in a row, beside the field of the table it is.
_FIELDS: Final = {
    "tag_id": "number",
    "label": "label",
    "driver": "driver",
    "group": "group",
    "status": "status",
    "reason": "reason",
    "valid_from": "valid_from",
    "valid_until": "valid_until",
}
_NAMES: Final = {"number": "tagId", "valid_from": "validFrom", "valid_until": "validUntil"}


def _cell(**more: Any) -> serializers.CharField:
    return serializers.CharField(
        required=False, allow_blank=True, default="", max_length=_CELL, **more
    )


class ImportedCard(CamelCase):
    """A card as another system writes it. What is empty leaves what is."""

    tag_id = _cell(help_text="With or without 0x, colons, spaces, dashes; in any letter case")
    label = _cell()  # type: ignore[assignment]
    driver = _cell(help_text="User name or e-mail address")
    group = _cell(help_text="Its name or parentIdTag")
    status = _cell(help_text="Active, Blocked or Expired, or what other systems call them")
    reason = _cell()
    valid_from = _cell()
    valid_until = _cell(help_text="A day alone ends with its last second")


class CardImporting(CamelCase):
    """Cards, and what to do with those that exist."""

    rows = serializers.ListField(child=ImportedCard(), min_length=1, max_length=MOST)
    reversed = serializers.BooleanField(default=False, help_text="The last byte of UIDs first")
    update = serializers.BooleanField(  # type: ignore[assignment]
        default=True, help_text="Change cards that exist already"
    )
    dry_run = serializers.BooleanField(default=False, help_text="Change nothing")


class ImportProblem(CamelCase):
    """Why a row was left out."""

    row = serializers.IntegerField(help_text="The first one is 1")
    field = serializers.CharField()
    value = serializers.CharField()
    message = serializers.CharField()


class ImportedCards(CamelCase):
    """What came of it, or would."""

    added = serializers.IntegerField()
    changed = serializers.IntegerField()
    skipped = serializers.IntegerField()
    wrong = serializers.IntegerField()
    problems = ImportProblem(many=True, help_text="The first 200")


class CardImportViews(GenericViewSet[CardImport]):
    """Many cards at once."""

    model = CardImport
    serializer_class = CardImporting
    permissions: ClassVar[dict[str, str]] = {"POST": "rfid.add_cardimport"}

    @extend_schema(request=CardImporting, responses={200: ImportedCards})
    def create(self, request: Request) -> Response:
        """Add and change cards, all good rows of them or, where something fails, none."""
        by_scope = getattr(request.auth, "scopes", None) is not None
        if not by_scope and not request.user.has_perms(_NEEDED):
            raise PermissionDenied(f"You lack one of the permissions {', '.join(_NEEDED)}.")
        wanted = CardImporting(data=request.data)
        wanted.is_valid(raise_exception=True)
        said = wanted.validated_data
        done = imports.at_once(
            rows=[{_FIELDS[name]: cell for name, cell in row.items()} for row in said["rows"]],
            by=request.user,  # type: ignore[arg-type]
            at=clock.now(),
            reverse=said["reversed"],
            update=said["update"],
            only_look=said["dry_run"],
        )
        return Response(ImportedCards(_answer(done)).data)


def _answer(done: CardImport) -> dict[str, Any]:
    counts = done.counts
    problems = [
        {**each, "row": each["line"], "field": _NAMES.get(each["field"], each["field"])}
        for each in done.problems
    ]
    return {
        "added": counts["new"],
        "changed": counts["changed"],
        "skipped": counts["same"],
        "wrong": counts["wrong"],
        "problems": problems,
    }
