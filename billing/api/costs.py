"""What a session costs over REST: /api/sessions/:id/cost, live and after its end."""

from __future__ import annotations

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from billing.models import SessionTariff
from billing.rating import wording
from billing.rating.bill import Line
from billing.services import pricing
from cms.shared import clock
from cms.shared.api import CamelCase


class AmountField(serializers.DecimalField):
    """Money as text, so that no float touches it."""

    def __init__(self, **options: object) -> None:
        super().__init__(max_digits=19, decimal_places=4, read_only=True, **options)  # type: ignore[arg-type]

    def to_representation(self, value: object) -> str:
        """As it was rounded."""
        return f"{value:f}"


class CostLineSerializer(CamelCase):
    """One line: how much of what at which price, and why."""

    kind = serializers.CharField()
    quantity = AmountField()
    unit = serializers.CharField()
    unit_price = AmountField()
    tax_rate = AmountField(help_text="Percent")
    net = AmountField()
    tax = AmountField()
    gross = AmountField()
    why = serializers.SerializerMethodField(help_text="In English")

    def get_why(self, line: Line) -> str:
        """The reasons as a sentence."""
        return wording.english(line.why)


class CostSerializer(CamelCase):
    """What a session costs so far, or cost."""

    session_id = serializers.IntegerField(source="session.pk")
    currency = serializers.CharField(source="bill.currency")
    net = AmountField(source="bill.net")
    tax = AmountField(source="bill.tax")
    gross = AmountField(source="bill.gross")
    tax_included = serializers.BooleanField(
        source="bill.tax_included", help_text="Whether unit prices contain the tax"
    )
    is_final = serializers.BooleanField(
        source="is_over", help_text="The session ended, and its vehicle has left"
    )
    tariff = serializers.CharField(source="version")
    energy_wh = serializers.IntegerField(source="session.energy_wh")
    lines = CostLineSerializer(source="bill.lines", many=True)


class CostViews(GenericViewSet[SessionTariff]):
    """The price of a session, by the tariff it began with."""

    model = SessionTariff
    queryset = SessionTariff.objects.all()
    serializer_class = CostSerializer

    def retrieve(self, request: Request, transaction_id: str) -> Response:
        """What it costs now; 404 where the session has no tariff."""
        priced = pricing.of_session(session_id=int(transaction_id), at=clock.now())
        return Response(self.get_serializer(priced).data)
