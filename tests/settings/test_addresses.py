"""The address stations are given where PUBLIC_URL does not say it."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

import pytest

from cms.settings.addresses import public_url


@pytest.mark.parametrize(
    ("host", "allowed", "behind_proxy", "address"),
    [
        ("0.0.0.0", ["cpms.example.com", "other"], True, "https://cpms.example.com"),
        ("0.0.0.0", ["*", "cpms.example.com"], False, "http://cpms.example.com:3000"),
        ("127.0.0.1", ["*"], False, "http://127.0.0.1:3000"),
        ("127.0.0.1", ["cpms.example.com"], False, "http://127.0.0.1:3000"),
        ("::1", ["*"], False, "http://[::1]:3000"),
    ],
)
def test_it_is_derived_from_what_is_set(host, allowed, behind_proxy, address):
    assert address == public_url(host=host, port=3000, allowed=allowed, behind_proxy=behind_proxy)


def test_without_any_name_it_is_the_machines_own_address():
    url = public_url(host="0.0.0.0", port=3000, allowed=["*"], behind_proxy=False)
    assert not ipaddress.ip_address(urlsplit(url).hostname or "").is_unspecified
