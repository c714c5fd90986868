"""Whose wallet a request is about, and who may ask."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from billing import selectors
from billing.models import Company
from billing.selectors import Wallet
from billing.services.accounts import known_currency
from cms.shared.api import HasScope
from cms.shared.api.idempotency import HEADER, LONGEST_KEY
from cms.shared.errors import NotFound

_OTHERS = ("customerId", "companyId")
_MOST = 2**63 - 1
WHOSE = [
    OpenApiParameter("customerId", str, description="Number or name of a user; default: yourself"),
    OpenApiParameter("companyId", int, description="A company instead of a user"),
    OpenApiParameter("currency", str, description="ISO 4217; default: the one of the system"),
]

REFUSALS = {  # of every view that may be asked about somebody
    "400": "A time or a name that is none; `fields` says which",
    "404": "There is no such customer or company, or no wallet yet",
}
KEY = OpenApiParameter(
    HEADER,
    str,
    OpenApiParameter.HEADER,
    required=True,
    description="A word of yours for this booking: repeated with the same word, nothing is"
    f" booked again. At most {LONGEST_KEY} characters",
)


class WalletAccess(HasScope):
    """Everybody sees their own wallet; those of others need a scope or a permission."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Whether this caller may use this method of ``view``."""
        if not request.user.is_authenticated:
            return False
        scopes = getattr(request.auth, "scopes", None) is not None
        named = any(name in request.query_params for name in _OTHERS)
        if request.method in SAFE_METHODS and not named and not scopes:
            view.is_own = True  # whatever sites they are limited to: they pay for it
            return True
        return super().has_permission(request, view)


def customer(named: Any, field: str = "customerId") -> Any:
    """The user with this number or name. Raises NotFound."""
    text, users = str(named), get_user_model().objects.all()
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
    found = users.filter(pk=number).first() if number is not None else None
    if found is None and "\x00" not in text:  # which PostgreSQL does not even compare
        found = users.filter(username=text[:200]).first()
    if found is None:
        raise NotFound(
            "There is no customer %(customer)s",
            fields={field: ["is not known here"]},
            customer=repr(text[:50]),
        )
    return found


def company(number: int) -> Company:
    """The company with this number. Raises NotFound."""
    found = Company.objects.filter(pk=number).first() if 0 <= number <= _MOST else None
    if found is None:
        raise NotFound(
            "There is no company %(number)s",
            fields={"companyId": ["is not known here"]},
            number=number,
        )
    return found


def company_named(text: str) -> Company:
    """The company with this number as a query has it. Raises NotFound, ValidationError."""
    if not (text.isascii() and text.isdigit()):
        raise ValidationError({"companyId": ["should be a number"]})
    return company(int(text[:19]))


def customer_meant(request: Request) -> Any:
    """The user or Company a GET is about. Raises NotFound, ValidationError."""
    query = request.query_params
    if "companyId" in query:
        return company_named(query["companyId"])
    return customer(query["customerId"]) if "customerId" in query else request.user


def wallet_meant(request: Request) -> Wallet:
    """The wallet a GET is about. Raises NotFound where there is none (yet), ValidationError."""
    currency = known_currency(request.query_params.get("currency", settings.BILLING_CURRENCY))
    wallet = selectors.wallet_of(customer_meant(request), currency)
    if wallet is None:
        raise NotFound("There is no wallet in %(currency)s yet", currency=currency)
    return wallet
