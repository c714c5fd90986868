"""Users and the groups that give them power."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from cms.accounts import codes, people
from cms.accounts.limits import SitesInline, is_above, is_superuser
from cms.accounts.models import User
from cms.accounts.powers import NamedPowers
from cms.accounts.profile import ADDRESS
from cms.shared import clock, display
from cms.shared.admin import (
    AdminPasswordChangeForm,
    ModelAdmin,
    UserChangeForm,
    UserCreationForm,
)
from cms.shared.dialogs import DialogForm, dialog, leave


class ResetSecondFactorForm(DialogForm):
    """Only a question."""

    obj: User

    def prepare(self) -> None:
        """Say so where there is none, and who may do it to a superuser."""
        if self.obj.is_superuser and not is_superuser(self.request):
            self.refuse(_("Only a superuser does this to a superuser."))
        elif not codes.enrolled(self.obj):
            self.refuse(_("There is none."))


_POWERS = ("is_superuser", "groups", "user_permissions")


@admin.register(User)
class UserAdmin(NamedPowers, DjangoUserAdmin, ModelAdmin):  # type: ignore[type-arg, misc]
    """People. Only superusers hand out power, and only they touch a superuser."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_filter = ("is_staff", "is_superuser", "is_active")
    list_display = ("username", "email", "first_name", "last_name", "is_staff", "is_active")
    readonly_fields = ("is_verified",)
    actions_detail = ["reset_second_factor"]
    inlines = (SitesInline,)

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> Any:
        """With the sites once there is somebody to limit."""
        return self.inlines if obj else ()

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """With the address, behind the name, once there is somebody who has one."""
        found: Any = super().get_fieldsets(request, obj)
        if obj is None:
            return found
        title, person = found[1]
        person = {**person, "fields": (*person["fields"], "is_verified")}
        return (found[0], (title, person), (lazy("Address"), {"fields": ADDRESS}), *found[2:])

    @admin.display(description=lazy("E-mail verified"), boolean=True)
    def is_verified(self, user: User) -> bool | None:
        """Whether they have shown that mail reaches them; nothing where there is no address."""
        return user.email_verified if user.email else None

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Another address is told of, as where people change their own."""
        super().save_model(request, obj, form, change)
        if change and "email" in form.changed_data:
            people.tell_of_address(user=obj, former=form.initial.get("email") or "", at=clock.now())

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        """Declared filters only; never by password."""
        return ModelAdmin.lookup_allowed(self, lookup, value, request)

    @dialog(
        title=lazy("Reset second factor"),
        permission="reset_second_factor",
        form=ResetSecondFactorForm,
        submit=lazy("Take it away"),
        text=lazy("For somebody who lost the telephone and the recovery codes."),
        icon="phonelink_erase",
        danger=True,
    )
    def reset_second_factor(self, request: HttpRequest, user: Any, form: Any) -> HttpResponse:
        """Let a user in by the password alone, until they set up another one."""
        if not self.has_change_permission(request, user):
            raise PermissionDenied
        codes.remove(user)
        self.log_change(request, user, "Reset the second factor.")
        messages.success(request, _("%(user)s has no second factor any more.") % {"user": user})
        return leave(request, display.page(user))

    def has_reset_second_factor_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who administers users; the dialog looks at whose it is."""
        return request.user.has_perm("accounts.change_user")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Nobody makes themselves more powerful than they are."""
        fixed = super().get_readonly_fields(request, obj)
        return fixed if is_superuser(request) else (*fixed, *_POWERS)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A superuser's account, and its password, only by a superuser."""
        if obj is not None and is_above(request, obj):
            return False
        may: bool = super().has_change_permission(request, obj)
        return may

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Likewise."""
        if obj is not None and is_above(request, obj):
            return False
        may: bool = super().has_delete_permission(request, obj)
        return may


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(NamedPowers, DjangoGroupAdmin, ModelAdmin):  # type: ignore[misc]
    """Roles. A group hands out power, so only superusers change one."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Superusers."""
        return is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Superusers."""
        return is_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Superusers."""
        return is_superuser(request)
