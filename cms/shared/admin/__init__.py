"""Bases of every page of the admin. The only package that imports Unfold."""

from __future__ import annotations

from unfold.decorators import action
from unfold.enums import ActionVariant
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget as CheckboxSelectMultiple
from unfold.widgets import UnfoldAdminFileFieldWidget as FileInput
from unfold.widgets import UnfoldAdminSelectWidget as Select
from unfold.widgets import UnfoldAdminTextareaWidget as Textarea
from unfold.widgets import UnfoldAdminTextInputWidget as TextInput

from cms.shared.admin.filters import (
    ChoiceFilter,
    FixedFilter,
    NumberFilter,
    RelatedFilter,
    TimeFilter,
    WordFilter,
)
from cms.shared.admin.pages import BigTableAdmin, ModelAdmin, ReadOnlyAdmin

__all__ = [
    "AdminPasswordChangeForm",
    "BigTableAdmin",
    "CheckboxSelectMultiple",
    "ChoiceFilter",
    "FileInput",
    "FixedFilter",
    "ModelAdmin",
    "NumberFilter",
    "ReadOnlyAdmin",
    "RelatedFilter",
    "Select",
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
