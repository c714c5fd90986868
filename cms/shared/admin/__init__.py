"""Bases of every page of the admin. The only package that imports Unfold."""

from __future__ import annotations

from unfold.admin import TabularInline
from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.forms import (
    AdminPasswordChangeForm,
    AuthenticationForm,
    UserChangeForm,
    UserCreationForm,
)
from unfold.views import UnfoldModelAdminViewMixin as AdminPage
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget as CheckboxSelectMultiple
from unfold.widgets import UnfoldAdminEmailInputWidget as EmailInput
from unfold.widgets import UnfoldAdminFileFieldWidget as FileInput
from unfold.widgets import UnfoldAdminPasswordWidget as PasswordInput
from unfold.widgets import UnfoldAdminSelectWidget as Select
from unfold.widgets import UnfoldAdminTextareaWidget as Textarea
from unfold.widgets import UnfoldAdminTextInputWidget as TextInput

from cms.shared.admin.big_tables import BigChangeList, BigTableAdmin
from cms.shared.admin.filters import (
    ChoiceFilter,
    FixedFilter,
    NumberFilter,
    RelatedFilter,
    TimeFilter,
    WordFilter,
)
from cms.shared.admin.newest import Along
from cms.shared.admin.pages import ModelAdmin, ReadOnlyAdmin
from cms.shared.admin.sections import LazySection
from cms.shared.admin.widgets import LongSelect

__all__ = [
    "AdminPage",
    "AdminPasswordChangeForm",
    "Along",
    "AuthenticationForm",
    "BigChangeList",
    "BigTableAdmin",
    "CheckboxSelectMultiple",
    "ChoiceFilter",
    "EmailInput",
    "FileInput",
    "FixedFilter",
    "LazySection",
    "LongSelect",
    "ModelAdmin",
    "NumberFilter",
    "PasswordInput",
    "ReadOnlyAdmin",
    "RelatedFilter",
    "Select",
    "TabularInline",
    "TextInput",
    "Textarea",
    "TimeFilter",
    "UserChangeForm",
    "UserCreationForm",
    "WordFilter",
    "action",
    "variant",
]


def variant(look: str) -> ActionVariant:
    """How a button looks: default, primary or danger."""
    return ActionVariant(look)
