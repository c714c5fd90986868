"""Company: who pays for the charging of its people."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models

from cms.shared.models import Timestamped


class Company(Timestamped):
    """A customer that is no person, as an invoice names it."""

    name = models.CharField(max_length=200, unique=True)
    address = models.TextField(blank=True, help_text="As it stands on an invoice")
    country = models.CharField(max_length=2, blank=True, help_text="Two letters, such as DE")
    tax_number = models.CharField(max_length=30, blank=True, help_text="VAT identification number")
    email = models.EmailField(blank=True, help_text="Where statements go")

    class Meta:
        verbose_name_plural = "companies"
        ordering: ClassVar[list[str]] = ["name"]

    def __str__(self) -> str:
        return self.name


class Member(models.Model):
    """A person whose charging a company pays. Nobody has two payers."""

    company = models.ForeignKey(Company, on_delete=models.CASCADE, related_name="members")
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="member"
    )

    class Meta:
        ordering: ClassVar[list[str]] = ["pk"]

    def __str__(self) -> str:
        return f"{self.user} at {self.company}"
