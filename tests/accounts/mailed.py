"""What mails say, and what their readers do with it."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from django.core import mail
from rest_framework.test import APIClient

from cms.accounts import sending
from cms.shared import clock

SITE = "https://cpms.example.com"
HERS, NEXT = "correct horse 7", "battery staple 8"


class Link(NamedTuple):
    """What a mail about a forgotten password leads to."""

    uid: str
    token: str

    @property
    def path(self) -> str:
        """Of our page."""
        return f"/account/reset/{self.uid}/{self.token}/"


def call(path: str, said: Any, **headers: str) -> Any:
    """The answer to a POST of nobody known."""
    return APIClient().post(f"/api/auth/{path}", said, format="json", **headers)


def forgot(email: str, **headers: str) -> Any:
    """Ask for a new password."""
    return call("forgot-password", {"email": email}, **headers)


def reset(link: Link, new: str = NEXT) -> Any:
    """Set it by the link's parts."""
    return call("reset-password", {**link._asdict(), "newPassword": new})


def log_in(password: str, name: str = "ann", **more: str) -> Any:
    """As apps do."""
    return call("token", {"username": name, "password": password, **more})


def delivered() -> list[Any]:
    """The mails that are due, sent by the task's service."""
    mail.outbox.clear()
    sending.send_due(now=clock.now)
    return [*mail.outbox]


def link_to(email: str) -> Link:
    """The link somebody with this address is sent who asks for it."""
    assert forgot(email).status_code == 202
    [sent] = delivered()
    return link_in(sent.body)


def link_in(text: str) -> Link:
    """The link in a mail, to our page; the parts for apps stand there, too."""
    [(uid, token)] = re.findall(rf"{SITE}/account/reset/(\d+)/([\w-]+)/\n", text)
    assert f"\n{uid}\n{token}\n" in text
    return Link(uid, token)
