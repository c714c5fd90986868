"""Users, groups and API keys."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString

from cms.accounts import keys
from cms.accounts.models import ApiKey, Scope, User
from cms.shared import clock, display
from cms.shared.admin import (
    AdminPasswordChangeForm,
    CheckboxSelectMultiple,
    ModelAdmin,
    UserChangeForm,
    UserCreationForm,
)
from cms.shared.dialogs import DialogForm, dialog, leave

_POWERS = ("is_superuser", "groups", "user_permissions")


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):  # type: ignore[type-arg]
    """People. Only superusers hand out power, and only they touch a superuser."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_filter = ("is_staff", "is_superuser", "is_active")
    list_display = ("username", "email", "first_name", "last_name", "is_staff", "is_active")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Declared filters only; never by password."""
        return ModelAdmin.lookup_allowed(self, lookup, value, request)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Nobody makes themselves more powerful than they are."""
        fixed = super().get_readonly_fields(request, obj)
        return fixed if _is_superuser(request) else (*fixed, *_POWERS)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A superuser's account, and its password, only by a superuser."""
        if obj is not None and obj.is_superuser and not _is_superuser(request):
            return False
        may: bool = super().has_change_permission(request, obj)
        return may

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Likewise."""
        if obj is not None and obj.is_superuser and not _is_superuser(request):
            return False
        may: bool = super().has_delete_permission(request, obj)
        return may


def _is_superuser(request: HttpRequest) -> bool:
    return request.user.is_authenticated and request.user.is_superuser


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):  # type: ignore[misc]
    """Roles. A group hands out power, so only superusers change one."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Superusers."""
        return _is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Superusers."""
        return _is_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Superusers."""
        return _is_superuser(request)


class ApiKeyForm(forms.ModelForm):  # type: ignore[type-arg]
    """A new key."""

    scopes = forms.MultipleChoiceField(
        choices=Scope.choices,
        initial=[Scope.READ],
        widget=CheckboxSelectMultiple,
        help_text="What the key may do",
    )

    class Meta:
        model = ApiKey
        fields = ("name", "user", "scopes", "expires_at")


class RevokeForm(DialogForm):
    """Only a question."""

    obj: ApiKey

    def prepare(self) -> None:
        """Say so where it is revoked already."""
        if self.obj.revoked_at:
            self.refuse(f"It was revoked on {display.exact(self.obj.revoked_at)}.")


@admin.register(ApiKey)
class ApiKeyAdmin(ModelAdmin):
    """Keys of programs: made and revoked, never changed, shown once."""

    form = ApiKeyForm
    list_display = ("name", "prefix", "user", "may", "state", "made", "used")
    list_select_related = ("user",)
    list_filter = ()
    search_fields = ("name__istartswith", "prefix__istartswith")
    search_help_text = "Name or beginning of the key"
    actions = None
    actions_row = ["revoke"]
    actions_detail = ["revoke"]
    autocomplete_fields = ("user",)
    add_fieldsets = ((None, {"fields": ("name", "user", "scopes", "expires_at")}),)
    fieldsets = (
        (None, {"fields": ("name", "prefix", "user", "may", "state", "made", "expires", "used")}),
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
        if db_field.name == "user" and not _is_superuser(request):
            kwargs["queryset"] = User.objects.filter(username=request.user.get_username())
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

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
            "title": "The new key",
            "name": obj.name,
            "secret": obj.secret,
            "usage": f"Authorization: Api-Key {obj.secret}",
            "next": display.page(obj),
            "body": "admin/secret_once.html",
        }
        return render(request, "admin/dialog.html", context)

    @dialog(
        title="Revoke",
        permission="revoke",
        form=RevokeForm,
        submit="Revoke",
        text="What uses this key is refused from now on. This cannot be undone.",
        icon="key_off",
        danger=True,
    )
    def revoke(self, request: HttpRequest, key: Any, form: Any) -> HttpResponse:
        """End a key for good."""
        keys.revoke(key, at=clock.now())
        self.log_change(request, key, "Revoked.")
        messages.success(request, f"{key} is revoked.")
        return leave(request, display.page(key))

    @admin.display(description="May")
    def may(self, key: ApiKey) -> str:
        """Its scopes in words."""
        return ", ".join(str(Scope(scope).label) for scope in key.scopes)

    @admin.display(description="State")
    def state(self, key: ApiKey) -> SafeString:
        """Whether it works."""
        if key.revoked_at:
            return display.pill("Revoked", "grey", display.exact(key.revoked_at))
        if not key.is_valid(clock.now()):
            return display.pill("Expired", "grey")
        return display.pill("Valid", "green")

    @admin.display(description="Made")
    def made(self, key: ApiKey) -> SafeString:
        """When."""
        return display.ago(key.created_at)

    @admin.display(description="Expires")
    def expires(self, key: ApiKey) -> SafeString:
        """When."""
        return display.when(key.expires_at)

    @admin.display(description="Last used")
    def used(self, key: ApiKey) -> SafeString:
        """How long ago, to the minute."""
        return display.ago(key.last_used_at)
