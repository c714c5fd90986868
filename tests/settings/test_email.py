"""EMAIL_URL: where mail goes, or that none is sent."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from cms.settings.email import email


def test_without_an_address_no_mail_is_sent():
    assert email("") == {"EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"}


def test_an_address_says_server_account_and_whether_it_is_encrypted():
    found = email("smtp+tls://ada:secret@mail.example.com:587")
    assert (found["EMAIL_HOST"], found["EMAIL_PORT"]) == ("mail.example.com", 587)
    assert (found["EMAIL_HOST_USER"], found["EMAIL_HOST_PASSWORD"]) == ("ada", "secret")
    assert found["EMAIL_USE_TLS"] is True
    assert found["EMAIL_TIMEOUT"] < 60


def test_an_address_that_is_none_is_refused_without_its_password():
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL is malformed") as refused:
        email("smtp://ada:secret@mail.example.com:port")
    assert "secret" not in str(refused.value)
