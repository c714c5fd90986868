"""API keys: made and revoked, shown once."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from cms.accounts import keys
from cms.accounts.limits import is_superuser
from cms.accounts.models import ApiKey, Scope, SiteLimit, User
from cms.shared import clock, display, scoping
from cms.shared.admin import (
    CheckboxSelectMultiple,
    ModelAdmin,
)
from cms.shared.dialogs import DialogForm, dialog, leave


class ApiKeyForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new key."""

    sites: Any = forms.ModelMultipleChoiceField(
        queryset=None,
        required=False,
        label=lazy("Limited to these sites"),
        help_text=lazy("None: as its user is"),
    )
    scopes = forms.MultipleChoiceField(
        label=lazy("Scopes"),
        choices=lambda: Scope.choices,
        initial=[Scope.READ],
        widget=CheckboxSelectMultiple,
        help_text=lazy("What the key may do"),
    )

    class Meta:
        model = ApiKey
        fields = ("name", "user", "scopes", "expires_at", "sites")


class RevokeForm(DialogForm):
    """Only a question."""

    obj: ApiKey

    def prepare(self) -> None:
        """Say so where it is revoked already."""
        if self.obj.revoked_at:
            self.refuse(
                _("It was revoked on %(when)s.") % {"when": display.exact(self.obj.revoked_at)}
            )


@admin.register(ApiKey)
class ApiKeyAdmin(ModelAdmin):
    """Keys of programs: made and revoked, never changed, shown once."""

    form = ApiKeyForm
    list_display = ("name", "prefix", "user", "may", "state", "made", "used")
    list_select_related = ("user",)
    list_filter = ()
    search_fields = ("name__istartswith", "prefix__istartswith")
    search_help_text = lazy("Name or beginning of the key")
    actions = None
    actions_row = ["revoke"]
    actions_detail = ["revoke"]
    autocomplete_fields = ("user",)
    add_fieldsets = ((None, {"fields": ("name", "user", "scopes", "expires_at", "sites")}),)
    fieldsets = (
        (None, {"fields": ("name", "prefix", "user", "may", "limits", "state")}),
        (None, {"fields": ("made", "expires", "used")}),
    )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: make another one."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody: revoke it, so that it can still be seen."""
        return False

    def has_revoke_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who may end a key."""
        return request.user.has_perm("accounts.change_apikey")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """A key acts as its user: only superusers make keys for others."""
        if db_field.name == "user" and not is_superuser(request):
            kwargs["queryset"] = User.objects.filter(username=request.user.get_username())
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_form(self, request: HttpRequest, *args: Any, **options: Any) -> Any:
        """With the sites its maker may name."""
        form: Any = super().get_form(request, *args, **options)
        sites: Any = SiteLimit._meta.get_field("site").related_model
        if "sites" in form.base_fields:
            field = form.base_fields["sites"]
            field.queryset = scoping.visible(request.user, sites.objects.order_by("name"))
        return form

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Nothing: the key was made with its sites."""

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """For oneself, unless somebody else is chosen."""
        return {"user": request.user.pk, **super().get_changeform_initial_data(request)}

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Make the key; what it is goes to the next page only."""
        made, secret = keys.create(at=clock.now(), **form.cleaned_data)
        obj.__dict__.update(made.__dict__)
        obj.secret = secret

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the key, once: it is in no message, cookie or address."""
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("The new key"),
            "name": obj.name,
            "secret": obj.secret,
            "usage": f"Authorization: Api-Key {obj.secret}",
            "next": display.page(obj),
            "body": "admin/secret_once.html",
        }
        return render(request, "admin/dialog.html", context)

    @dialog(
        title=lazy("Revoke"),
        permission="revoke",
        form=RevokeForm,
        submit=lazy("Revoke"),
        text=lazy("What uses this key is refused from now on. This cannot be undone."),
        icon="key_off",
        danger=True,
    )
    def revoke(self, request: HttpRequest, key: Any, form: Any) -> HttpResponse:
        """End a key for good."""
        keys.revoke(key, at=clock.now())
        self.log_change(request, key, "Revoked.")
        messages.success(request, _("%(key)s is revoked.") % {"key": key})
        return leave(request, display.page(key))

    @admin.display(description=lazy("May"))
    def may(self, key: ApiKey) -> str:
        """Its scopes in words."""
        return ", ".join(str(Scope(scope).label) for scope in key.scopes)

    @admin.display(description=lazy("Limited to these sites"))
    def limits(self, key: ApiKey) -> str:
        """Their names."""
        names = ", ".join(site.name for site in key.sites.order_by("name"))
        return names or _("As its user is")

    @admin.display(description=lazy("State"))
    def state(self, key: ApiKey) -> SafeString:
        """Whether it works."""
        if key.revoked_at:
            return display.pill(_("Revoked"), "grey", display.exact(key.revoked_at))
        if not key.is_valid(clock.now()):
            return display.pill(_("Expired"), "grey")
        return display.pill(_("Valid"), "green")

    @admin.display(description=lazy("Made"))
    def made(self, key: ApiKey) -> SafeString:
        """When."""
        return display.ago(key.created_at)

    @admin.display(description=lazy("Expires"))
    def expires(self, key: ApiKey) -> SafeString:
        """When."""
        return display.when(key.expires_at)

    @admin.display(description=lazy("Last used"))
    def used(self, key: ApiKey) -> SafeString:
        """How long ago, to the minute."""
        return display.ago(key.last_used_at)
