"""Dialogs: every action of the admin shows a form on GET, acts on POST and names its permission."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any

from django import forms
from django.contrib.admin.utils import unquote
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render

from cms.shared.admin import ModelAdmin, action, variant
from cms.shared.errors import DomainError

Perform = Callable[..., HttpResponse]


class DialogForm(forms.Form):
    """The form of a dialog. ``obj`` is the row it acts on, None for a dialog of the list.

    The token makes a double click harmless where the service takes an idempotency key.
    """

    token = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)
    can_submit = True

    def __init__(self, data: Any, *, obj: Any, request: HttpRequest) -> None:
        super().__init__(data)
        self.obj = obj
        self.request = request
        self.notices: list[tuple[str, str]] = []
        self.prepare()

    def prepare(self) -> None:
        """Set choices, initial values and notices for ``obj``."""

    def idempotency_key(self) -> str:
        """One for each dialog, however often its button is pressed."""
        return f"admin:{self.request.user.pk}:{self.cleaned_data['token']}"

    def warn(self, text: str, tone: str = "amber") -> None:
        """Say something above the fields."""
        self.notices.append((tone, text))

    def refuse(self, text: str) -> None:
        """Say why it cannot be done now; the button is off."""
        self.warn(text, "red")
        self.can_submit = False


class ConfirmForm(DialogForm):
    """Only a question."""


def dialog(
    *,
    title: str,
    permission: str,
    form: type[DialogForm] = ConfirmForm,
    submit: str,
    text: str = "",
    icon: str | None = None,
    danger: bool = False,
    look: str = "default",
) -> Callable[[Perform], Any]:
    """Make ``perform(admin, request, obj, form)`` an action: GET shows, POST does.

    ``danger`` colours its button, ``look`` (default, primary, danger) the one that opens it.
    ``permission`` names a method ``has_<permission>_permission``: a name with a dot would be
    looked up in the database by the system checks, which run before there is one.
    """
    shown = {"title": title, "text": text, "submit": submit, "danger": danger}

    def decorate(perform: Perform) -> Any:
        @wraps(perform)
        def view(self: ModelAdmin, request: HttpRequest, object_id: str | None = None) -> Any:
            if request.method not in ("GET", "POST"):
                return HttpResponseNotAllowed(["GET", "POST"])
            self.may_look(request)
            obj = self.found(request, unquote(object_id)) if object_id else None
            bound = form(
                request.POST if request.method == "POST" else None, obj=obj, request=request
            )
            if bound.is_valid():
                try:
                    return perform(self, request, obj, bound)
                except DomainError as error:
                    bound.add_error(None, error.message)
            return show(self, request, obj, "admin/dialog_form.html", {**shown, "form": bound})

        marked = action(
            permissions=[permission],
            description=f"{title}…",
            url_path=perform.__name__.replace("_", "-"),
            icon=icon,
            variant=variant(look),
        )(view)
        marked.dialog = shown
        return marked

    return decorate


def in_modal(request: HttpRequest) -> bool:
    """Whether htmx asked, from a page that shows the answer in its dialog."""
    return request.headers.get("HX-Request") == "true"


def show(
    model_admin: ModelAdmin, request: HttpRequest, obj: Any, body: str, context: dict[str, Any]
) -> HttpResponse:
    """The dialog with ``body``: alone for htmx, on a page of its own without JavaScript."""
    everything = {**context, "body": body, "object": obj, "in_modal": in_modal(request)}
    if in_modal(request):
        return render(request, "admin/dialog_body.html", everything)
    site = model_admin.admin_site.each_context(request)
    opts = {"opts": model_admin.opts, "original": obj} if obj else {"opts": model_admin.opts}
    return render(request, "admin/dialog.html", {**site, **opts, **everything})


def leave(request: HttpRequest, url: str) -> HttpResponse:
    """Close the dialog by going to ``url``."""
    if in_modal(request):
        return HttpResponse(headers={"HX-Redirect": url})
    return HttpResponseRedirect(url)
