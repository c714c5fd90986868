"""FirmwareImage: a file stations can install. FirmwareUpdate: one station told to install one."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from stations.models.errands import Errand

_PEM = RegexValidator(
    r"^\s*-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*$",
    "Should be a certificate in PEM: -----BEGIN CERTIFICATE----- ... -----END CERTIFICATE-----",
)
_BASE64 = RegexValidator(r"^[A-Za-z0-9+/=\s]+$", "Should be base64.")


class FirmwareImage(models.Model):
    """A firmware file an operator uploaded. The file lies below MEDIA_ROOT, under our own name."""

    vendor = models.CharField(max_length=255)
    model = models.CharField(max_length=255, blank=True, help_text="Empty: all of this vendor's")
    version = models.CharField(
        max_length=255, help_text="As stations report it once it is installed"
    )
    file = models.CharField(max_length=100, editable=False)  # below MEDIA_ROOT
    file_name = models.CharField(max_length=100)
    size_bytes = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    # For SignedUpdateFirmware (security whitepaper edition 3, section 5.21)
    signature = models.CharField(
        max_length=800, blank=True, validators=[_BASE64], help_text="Base64; for signed updates"
    )
    signing_certificate = models.TextField(
        max_length=5500, blank=True, validators=[_PEM], help_text="PEM; for signed updates"
    )
    notes = models.TextField("release notes", blank=True, max_length=20_000)
    uploaded_at = models.DateTimeField()
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["vendor", "model", "version"],
                name="firmware_image_unique",
                violation_error_message="There is an image of this version already.",
            )
        ]

    def __str__(self) -> str:
        return " ".join(filter(None, [self.vendor, self.model, self.version]))

    @property
    def is_signed(self) -> bool:
        """Whether it has what a signed update needs."""
        return bool(self.signature and self.signing_certificate)


class FirmwareUpdate(Errand):
    """One station told to fetch and install one firmware."""

    image = models.ForeignKey(
        FirmwareImage, on_delete=models.SET_NULL, null=True, blank=True, related_name="updates"
    )
    signed = models.BooleanField(default=False)
    retrieve_at = models.DateTimeField()
    install_at = models.DateTimeField(null=True, blank=True)
    version_before = models.CharField(max_length=255, blank=True)
    version_wanted = models.CharField(max_length=255, blank=True)

    class Meta(Errand.Meta):
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["expires_at"], condition=Q(outcome="Open"), name="firmware_update_open"
            )
        ]

    def __str__(self) -> str:
        return f"update #{self.pk} to {self.version_wanted or 'an unknown version'}"
