"""Firmware over REST: /api/firmware/images and /api/firmware/updates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import FileResponse
from django.urls import reverse
from django_filters import BooleanFilter, CharFilter, ChoiceFilter, NumberFilter
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from cms.shared import clock
from cms.shared.api import CamelCase, CamelCaseModel, Filters, OrjsonParser
from cms.shared.downloads import saved
from stations import selectors
from stations.api.errands import ERRAND_FIELDS, ErrandSerializer, of_station
from stations.models import FirmwareImage, FirmwareUpdate, Outcome
from stations.services import firmware, media

FILE = (200, "application/octet-stream")


class FirmwareImageSerializer(CamelCaseModel):
    """A firmware file stations can be told to install."""

    uploaded_by = serializers.CharField(
        source="uploaded_by.username", read_only=True, allow_null=True, default=None
    )
    file_url = serializers.SerializerMethodField()
    is_signed = serializers.BooleanField(
        read_only=True, help_text="Whether it has what a signed update needs"
    )

    class Meta:
        model = FirmwareImage
        fields = (
            "id",
            "vendor",
            "model",
            "version",
            "file_name",
            "file_url",
            "size_bytes",
            "sha256",
            "is_signed",
            "signature",
            "signing_certificate",
            "notes",
            "uploaded_at",
            "uploaded_by",
        )
        read_only_fields = fields

    def get_file_url(self, image: FirmwareImage) -> str:
        """Where operators download it."""
        return reverse("firmware-image-file", args=(image.pk,))


class FirmwareFacts(CamelCase):
    """What is known of a firmware, apart from the file."""

    vendor = serializers.CharField(max_length=255)
    model = serializers.CharField(
        max_length=255, required=False, allow_blank=True, help_text="Empty: all of this vendor's"
    )
    version = serializers.CharField(max_length=255, help_text="As stations report it afterwards")
    signature = serializers.CharField(
        max_length=800, required=False, allow_blank=True, help_text="Base64, for signed updates"
    )
    signing_certificate = serializers.CharField(
        max_length=5500, required=False, allow_blank=True, help_text="PEM, for signed updates"
    )
    notes = serializers.CharField(max_length=20_000, required=False, allow_blank=True)


class FirmwareUpload(FirmwareFacts):
    """The same with the file."""

    file = serializers.FileField(max_length=None)


class FirmwareImageFilters(Filters):
    """Which images."""

    vendor = CharFilter(lookup_expr="iexact", label="Letter case does not count")
    model = CharFilter(lookup_expr="iexact", label="Letter case does not count")
    version = CharFilter()


class FirmwareImageViews(GenericViewSet[FirmwareImage]):
    """Firmware files, newest first."""

    model = FirmwareImage
    queryset = FirmwareImage.objects.none()
    serializer_class = FirmwareImageSerializer
    filterset_class = FirmwareImageFilters
    parser_classes = (MultiPartParser, OrjsonParser)
    keyset = ("-id",)

    def list(self, request: Request) -> Response:
        """All images, page by page."""
        page = self.paginate_queryset(self.filter_queryset(selectors.firmware_images()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(
        request={"multipart/form-data": FirmwareUpload}, responses={201: FirmwareImageSerializer}
    )
    def create(self, request: Request) -> Response:
        """Upload a firmware as a multipart form; 409 where this version is there already."""
        wanted = FirmwareUpload(data=_plain(request))
        wanted.is_valid(raise_exception=True)
        facts = dict(wanted.validated_data)
        uploaded = facts.pop("file")
        image = firmware.add_image(
            arrived=media.taken_over(uploaded),
            at=clock.now(),
            by_id=request.user.pk,
            **facts,
        )
        response = Response(self.get_serializer(image).data, status=201)
        response["Location"] = reverse("firmware-image", args=(image.pk,))
        return response

    def retrieve(self, request: Request, image_id: str) -> Response:
        """One image."""
        return Response(self.get_serializer(selectors.firmware_image(int(image_id))).data)

    @extend_schema(request=FirmwareFacts(partial=True), responses={200: FirmwareImageSerializer})
    def partial_update(self, request: Request, image_id: str) -> Response:
        """Change what is known of it; the file stays as it is."""
        image = selectors.firmware_image(int(image_id))
        wanted = FirmwareFacts(data=_plain(request), partial=True)
        wanted.is_valid(raise_exception=True)
        changed = firmware.change_image(image=image, **wanted.validated_data)
        return Response(self.get_serializer(changed).data)

    def destroy(self, request: Request, image_id: str) -> Response:
        """Delete it with its file; 409 while a station is told to install it."""
        firmware.delete_image(image=selectors.firmware_image(int(image_id)))
        return Response(status=204)


class FirmwareFileViews(GenericViewSet[FirmwareImage]):
    """The file of an image."""

    model = FirmwareImage
    queryset = FirmwareImage.objects.none()

    @extend_schema(responses={FILE: OpenApiTypes.BINARY}, operation_id="firmware_images_file")
    def retrieve(self, request: Request, image_id: str) -> FileResponse:
        """Download it."""
        image = selectors.firmware_image(int(image_id))
        return saved(media.path(image.file), image.file_name)


class FirmwareUpdateSerializer(ErrandSerializer):
    """One station told to install one firmware, and how far it is."""

    image_id = serializers.IntegerField(read_only=True, allow_null=True)

    class Meta:
        model = FirmwareUpdate
        fields = (
            *ERRAND_FIELDS,
            "image_id",
            "signed",
            "retrieve_at",
            "install_at",
            "version_before",
            "version_wanted",
        )
        read_only_fields = fields


class FirmwareUpdateFilters(Filters):
    """Which updates."""

    station = CharFilter(method="at_station", label="The station's identity")
    outcome = ChoiceFilter(choices=Outcome.choices)
    image_id = NumberFilter(max_value=2**31, label="The firmware image")
    signed = BooleanFilter()

    def at_station(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """At this station; one nobody knows is a 400."""
        return of_station(self.request, rows, value)


class FirmwareUpdateViews(GenericViewSet[FirmwareUpdate]):
    """Stations told to install something, newest first; `update-firmware` tells one to."""

    model = FirmwareUpdate
    queryset = FirmwareUpdate.objects.none()
    serializer_class = FirmwareUpdateSerializer
    filterset_class = FirmwareUpdateFilters
    keyset: ClassVar[tuple[str, ...]] = ("-id",)

    def list(self, request: Request) -> Response:
        """All updates, page by page."""
        page = self.paginate_queryset(self.filter_queryset(selectors.firmware_updates()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def retrieve(self, request: Request, update_id: str) -> Response:
        """One update."""
        return Response(self.get_serializer(selectors.firmware_update(int(update_id))).data)


def _plain(request: Request) -> dict[str, Any]:
    """The members of a form, each once; of a JSON object, as they are."""
    data: Any = request.data
    if not isinstance(data, Mapping):
        raise ValidationError("The body should be an object")
    return {name: data[name] for name in data}
