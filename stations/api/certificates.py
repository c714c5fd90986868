"""Stations' certificates over REST: /api/certificates, and the authorities that signed them."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from django_filters import CharFilter, ChoiceFilter
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from cms.shared import clock
from cms.shared.api import CamelCase, CamelCaseModel, Filters, Moment
from stations import selectors
from stations.api.errands import of_station
from stations.models import (
    CertificateState,
    InstalledCertificate,
    InstalledState,
    RootKind,
    StationAuthority,
    StationCertificate,
)
from stations.services import issuing

_CHANGE = "stations.change_stationcertificate"


class CertificateSerializer(CamelCaseModel):
    """A certificate a station asked for, and what became of it."""

    station_identifier = serializers.CharField(source="station.cp_id", read_only=True)
    command_id = serializers.IntegerField(read_only=True, allow_null=True)
    key_kind = serializers.CharField(read_only=True, help_text="RSA or ECDSA; empty: unreadable")
    certificate = serializers.CharField(source="pem", read_only=True, help_text="PEM")

    class Meta:
        model = StationCertificate
        fields = (
            "id",
            "station_identifier",
            "state",
            "reason",
            "key_kind",
            "serial_number",
            "fingerprint",
            "not_before",
            "not_after",
            "requested_at",
            "issued_at",
            "answered_at",
            "revoked_at",
            "command_id",
            "certificate",
        )
        read_only_fields = fields


class AuthoritySerializer(CamelCaseModel):
    """Who signs stations' certificates here: what a proxy must trust."""

    kind = serializers.CharField(read_only=True, help_text="RSA or ECDSA")

    class Meta:
        model = StationAuthority
        fields = ("kind", "certificate", "made_at")
        read_only_fields = fields


class Revoking(CamelCase):
    """Why: kept with the certificate."""

    why = serializers.CharField(max_length=200)


class InstalledSerializer(CamelCaseModel):
    """A root certificate in a station, as the station's answers tell of it."""

    station_identifier = serializers.CharField(source="station.cp_id", read_only=True)
    certificate_type = serializers.CharField(
        source="kind", read_only=True, help_text=" or ".join(RootKind.values)
    )
    certificate = serializers.CharField(
        source="pem", read_only=True, help_text="PEM; empty where we did not install it"
    )

    class Meta:
        model = InstalledCertificate
        fields = (
            "id",
            "station_identifier",
            "certificate_type",
            "state",
            "reason",
            "hash_algorithm",
            "issuer_name_hash",
            "issuer_key_hash",
            "serial_number",
            "subject",
            "not_after",
            "installed_at",
            "seen_at",
            "removed_at",
            "certificate",
        )
        read_only_fields = fields


class CertificateFilters(Filters):
    """Which certificates."""

    station = CharFilter(method="at_station", label="The station's identity")
    state = ChoiceFilter(choices=CertificateState.choices)
    ends_before = Moment(field_name="not_after", lookup_expr="lt")

    def at_station(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Of this station; one nobody knows is a 400."""
        return of_station(self.request, rows, value)


class CertificateViews(GenericViewSet[StationCertificate]):
    """Certificates stations asked for, newest first."""

    model = StationCertificate
    queryset = StationCertificate.objects.none()
    serializer_class = CertificateSerializer
    filterset_class = CertificateFilters
    keyset: ClassVar[tuple[str, ...]] = ("-id",)
    permissions: ClassVar[dict[str, str]] = {"POST": _CHANGE}

    def list(self, request: Request) -> Response:
        """All of them, page by page."""
        page = self.paginate_queryset(self.filter_queryset(selectors.station_certificates()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def retrieve(self, request: Request, certificate_id: str) -> Response:
        """One certificate."""
        return self._shown(certificate_id)

    @extend_schema(
        request=Revoking,
        responses={200: CertificateSerializer},
        operation_id="certificates_revoke",
    )
    def revoke(self, request: Request, certificate_id: str) -> Response:
        """Let nobody in with it any more; 409 where there is nothing to end."""
        said = Revoking(data=request.data)
        said.is_valid(raise_exception=True)
        found = selectors.station_certificate(int(certificate_id))
        by: Any = request.user
        issuing.revoke(certificate=found, at=clock.now(), by=by, **said.validated_data)
        return self._shown(certificate_id)

    def _shown(self, certificate_id: str) -> Response:
        found = selectors.station_certificate(int(certificate_id))
        return Response(self.get_serializer(found).data)


class AuthorityViews(GenericViewSet[StationAuthority]):
    """Our own authorities, as a proxy or an operator needs them."""

    model = StationAuthority
    queryset = StationAuthority.objects.none()
    serializer_class = AuthoritySerializer
    keyset: ClassVar[tuple[str, ...]] = ("id",)

    def list(self, request: Request) -> Response:
        """Those made so far: one for each kind of key."""
        page = self.paginate_queryset(StationAuthority.objects.all())
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class InstalledFilters(Filters):
    """Which root certificates."""

    station = CharFilter(method="at_station", label="The station's identity")
    state = ChoiceFilter(choices=InstalledState.choices)
    certificate_type = ChoiceFilter(field_name="kind", choices=RootKind.choices)

    def at_station(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """In this station; one nobody knows is a 400."""
        return of_station(self.request, rows, value)


class InstalledViews(GenericViewSet[InstalledCertificate]):
    """Root certificates in stations, newest first."""

    model = InstalledCertificate
    queryset = InstalledCertificate.objects.none()
    serializer_class = InstalledSerializer
    filterset_class = InstalledFilters
    keyset: ClassVar[tuple[str, ...]] = ("-id",)

    def list(self, request: Request) -> Response:
        """All of them; `get-installed-certificate-ids` asks a station anew."""
        page = self.paginate_queryset(self.filter_queryset(selectors.installed_certificates()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)
