"""POST /api/payments/webhooks/stripe: what Stripe tells us, signed; 200 once it is stored."""

from __future__ import annotations

from typing import ClassVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from billing.services import payment_events
from cms.shared import clock
from cms.shared.api import CamelCase

_SIGNATURE = OpenApiParameter(
    "Stripe-Signature",
    str,
    OpenApiParameter.HEADER,
    required=True,
    description="By the endpoint's signing secret, five minutes old at most",
)


class Received(CamelCase):
    """It is stored, or of no use to us."""

    received = serializers.BooleanField()


class StripeWebhook(APIView):
    """Stripe's own requests: nobody logs in, the signature over the body counts."""

    authentication_classes = ()
    permission_classes = ()
    refusals: ClassVar[dict[str, str]] = {"409": "Stripe is not set up here"}

    @extend_schema(
        request=OpenApiTypes.OBJECT,
        parameters=[_SIGNATURE],
        responses={200: Received},
        operation_id="payments_stripe_webhook",
        auth=[],
    )
    def post(self, request: Request) -> Response:
        """An event of Stripe's. It may come twice, late and in any order."""
        payment_events.receive(
            provider="stripe",
            body=request.body,
            signature=request.headers.get("Stripe-Signature", ""),
            at=clock.now(),
        )
        return Response({"received": True})
