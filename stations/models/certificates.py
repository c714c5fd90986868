"""Certificates: our own authority, and those it signed for stations."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models


class KeyKind(models.TextChoices):
    """The algorithm of a key pair: who has one kind is given a certificate signed by that kind."""

    RSA = "RSA"
    ECDSA = "ECDSA"


class StationAuthority(models.Model):
    """Who signs stations' certificates here: one for each kind of key, made when it is needed.

    The private key is encrypted under SECRET_KEY; the certificate is public.
    """

    kind = models.CharField(max_length=5, choices=KeyKind, unique=True)
    certificate = models.TextField()  # PEM
    encrypted_key = models.TextField()  # PEM, PKCS #8
    made_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"Voltdesk stations {self.kind}"


class CertificateState(models.TextChoices):
    """Requested -> Issued -> Accepted, Rejected or NotDelivered; any may be Revoked."""

    REQUESTED = "Requested", "Asked for, not yet signed"
    ISSUED = "Issued", "Signed, on its way to the station"
    ACCEPTED = "Accepted", "The station uses it"
    REJECTED = "Rejected", "The station refused it"
    NOT_DELIVERED = "NotDelivered", "The station did not answer"
    REFUSED = "Refused", "Not signed"
    REVOKED = "Revoked"


class StationCertificate(models.Model):
    """A station's wish for a certificate, and what became of it (SignCertificate)."""

    station = models.ForeignKey(
        "stations.ChargingStation",
        on_delete=models.CASCADE,
        related_name="certificates",
        db_index=False,  # station_certificate_of begins with it
    )
    state = models.CharField(
        max_length=12, choices=CertificateState, default=CertificateState.REQUESTED
    )
    reason = models.CharField(max_length=200, blank=True)
    csr = models.TextField()  # PEM, as it came
    key_kind = models.CharField(max_length=5, choices=KeyKind, blank=True)
    requested_at = models.DateTimeField()
    authority = models.ForeignKey(
        StationAuthority, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    pem = models.TextField(blank=True)
    serial_number = models.CharField(max_length=40, blank=True)  # hexadecimal
    fingerprint = models.CharField(max_length=64, blank=True, db_index=True)  # SHA-256
    not_before = models.DateTimeField(null=True, blank=True)
    not_after = models.DateTimeField(null=True, blank=True)
    issued_at = models.DateTimeField(null=True, blank=True)
    command = models.OneToOneField(  # CertificateSigned
        "stations.Command", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    answered_at = models.DateTimeField(null=True, blank=True)
    renewal_asked_at = models.DateTimeField(null=True, blank=True)  # the station was told to
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["station", "-id"], name="station_certificate_of"),
            models.Index(
                fields=["id"],
                condition=models.Q(state="Requested"),
                name="station_certificate_waiting",
            ),
            models.Index(
                fields=["not_after"],
                condition=models.Q(state="Accepted"),
                name="station_certificate_ending",
            ),
        ]

    def __str__(self) -> str:
        return f"Certificate #{self.pk} of {self.station}"


class RootKind(models.TextChoices):
    """Whom a station verifies with a root certificate (whitepaper, CertificateUseEnumType)."""

    CENTRAL_SYSTEM = "CentralSystemRootCertificate", "This system"
    MANUFACTURER = "ManufacturerRootCertificate", "Firmware of its manufacturer"


class InstalledState(models.TextChoices):
    """What the station's own answers say of it."""

    INSTALLED = "Installed"
    REJECTED = "Rejected", "Not taken by the station"
    REMOVED = "Removed"


class InstalledCertificate(models.Model):
    """A root certificate in a station, as the station's answers tell of it.

    The hashes are the station's own (GetInstalledCertificateIds), or what they will be.
    """

    station = models.ForeignKey(
        "stations.ChargingStation",
        on_delete=models.CASCADE,
        related_name="installed_certificates",
    )
    kind = models.CharField(max_length=30, choices=RootKind)
    state = models.CharField(max_length=9, choices=InstalledState)
    reason = models.CharField(max_length=200, blank=True)
    hash_algorithm = models.CharField(max_length=10)
    issuer_name_hash = models.CharField(max_length=128)
    issuer_key_hash = models.CharField(max_length=128)
    serial_number = models.CharField(max_length=64)  # hexadecimal, as the station spells it
    pem = models.TextField(blank=True)  # empty: not installed by us
    subject = models.CharField(max_length=255, blank=True)
    not_after = models.DateTimeField(null=True, blank=True)
    installed_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)  # when the station last named it
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering: ClassVar[list[str]] = ["-id"]

    def __str__(self) -> str:
        return self.subject or f"certificate {self.serial_number}"
