"""Firmware: the images, the updates, and the dialog that tells a station to install one."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import FileResponse, HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_lazy as lazy

from cms.shared import clock, display
from cms.shared.admin import ChoiceFilter, FileInput, ModelAdmin, RelatedFilter
from cms.shared.dialogs import dialog
from cms.shared.downloads import saved
from stations.admin.errands import ERRAND_FIELDS, ErrandAdmin, ErrandForm, Moment, shown
from stations.models import FirmwareImage, FirmwareUpdate
from stations.services import firmware, media

_FACTS = ("vendor", "model", "version", "signature", "signing_certificate", "notes")
_MOST = 200
_UNFIT = lazy("(does not seem to fit)")


class ImageForm(forms.ModelForm):  # type: ignore[type-arg]
    """What is known of a firmware; the file only while it is added."""

    upload = forms.FileField(label=lazy("File"), widget=FileInput, max_length=None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.fields.pop("upload", None)


@admin.register(FirmwareImage)
class FirmwareImageAdmin(ModelAdmin):
    """Files stations can be told to install."""

    form = ImageForm
    list_display = ("what", "size", "signed", "uploaded", "uploaded_by")
    list_display_links = ("what",)
    list_select_related = ("uploaded_by",)
    search_fields = ("vendor__istartswith", "model__istartswith", "version__istartswith")
    search_help_text = lazy("Vendor, model or version begins with …")
    readonly_fields = ("download", "size", "sha256", "uploaded", "uploaded_by")
    add_fieldsets = ((None, {"fields": (*_FACTS[:3], "upload", *_FACTS[3:])}),)
    fieldsets = (
        (None, {"fields": (("download", "size"), "sha256", ("uploaded", "uploaded_by"))}),
        (lazy("Details"), {"fields": _FACTS}),
    )

    def get_urls(self) -> list[Any]:
        """Plus the file."""
        view = self.admin_site.admin_view(self.file)
        return [
            path("<int:pk>/file/", view, name="stations_firmwareimage_file"),
            *super().get_urls(),
        ]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """The file is asked for where the image is added."""
        return self.fieldsets if obj else self.add_fieldsets

    def save_model(self, request: HttpRequest, obj: FirmwareImage, form: Any, change: bool) -> None:
        """Keep a new file, or change what is known of one."""
        if change:
            changed = {name: form.cleaned_data[name] for name in form.changed_data}
            firmware.change_image(image=obj, **changed)
            return
        made = firmware.add_image(
            arrived=media.taken_over(form.cleaned_data["upload"]),
            at=clock.now(),
            by_id=request.user.pk,
            **{name: form.cleaned_data[name] for name in _FACTS},
        )
        obj.__dict__.update(made.__dict__)

    def delete_model(self, request: HttpRequest, obj: FirmwareImage) -> None:
        """Delete it with its file."""
        firmware.delete_image(image=obj)

    def file(self, request: HttpRequest, pk: int) -> FileResponse:
        """Save the file."""
        image = self.found(request, str(pk))
        return saved(media.path(image.file), image.file_name)

    @admin.display(description=lazy("Firmware"), ordering="version")
    def what(self, row: FirmwareImage) -> str:
        """Vendor, model and version."""
        return str(row)

    @admin.display(description=lazy("Size"), ordering="size_bytes")
    def size(self, row: FirmwareImage) -> str:
        """As people read it."""
        return filesizeformat(row.size_bytes)

    @admin.display(description=lazy("Signed"), boolean=True)
    def signed(self, row: FirmwareImage) -> bool:
        """Whether it has what a signed update needs."""
        return row.is_signed

    @admin.display(description=lazy("Uploaded"), ordering="uploaded_at")
    def uploaded(self, row: FirmwareImage) -> SafeString:
        """When."""
        return display.ago(row.uploaded_at)

    @admin.display(description=lazy("File"))
    def download(self, row: FirmwareImage) -> SafeString:
        """Where to save it."""
        url = reverse("admin:stations_firmwareimage_file", args=[row.pk])
        return format_html('<a class="vd-link" href="{}">{}</a>', url, row.file_name)


@admin.register(FirmwareUpdate)
class FirmwareUpdateAdmin(ErrandAdmin):
    """Stations told to install something, newest first."""

    list_display = ("number", "state", "at_station", "version_wanted", "asked", "by")
    list_display_links = ("number",)
    list_select_related = ("station", "requested_by", "image")
    list_filter = (("outcome", ChoiceFilter), ("station", RelatedFilter))
    fieldsets = (
        (
            None,
            {
                "fields": (
                    *ERRAND_FIELDS,
                    ("of_image", "signed"),
                    ("version_before", "version_wanted"),
                    ("retrieve_at", "install_at"),
                )
            },
        ),
    )

    @admin.display(description=lazy("Firmware"))
    def of_image(self, row: FirmwareUpdate) -> SafeString:
        """The image, where it is ours."""
        return display.link(row.image)


class UpdateFirmwareForm(ErrandForm):
    """Which firmware, when, and whether signed."""

    image = forms.ChoiceField(label=lazy("Firmware"), required=False)
    signed = forms.BooleanField(
        label=lazy("Signed update"),
        required=False,
        help_text=lazy("For stations of the security extensions"),
    )
    retrieve_at = Moment(lazy("Download at"), lazy("Empty: now"))
    install_at = Moment(
        lazy("Install at"), lazy("Empty: as soon as it is there. Only for a signed update")
    )
    sure = forms.CharField(required=False, widget=forms.HiddenInput)
    field_order = ("image", "location", "signed", "retrieve_at", "install_at")

    def prepare(self) -> None:
        """The newest images; those that may be wrong for the station say so."""
        super().prepare()
        self.images = {str(row.pk): row for row in FirmwareImage.objects.all()[:_MOST]}
        choice = self.fields["image"]
        assert isinstance(choice, forms.ChoiceField)
        fits = {pk: not firmware.misfit(row, self.obj) for pk, row in self.images.items()}
        choice.choices = [
            ("", _("From another place")),
            *((pk, str(row)) for pk, row in self.images.items() if fits[pk]),
            *((pk, f"{row} {_UNFIT}") for pk, row in self.images.items() if not fits[pk]),
        ]
        asked = self.request.GET.get("image", "")
        choice.initial = asked if asked in self.images else ""

    def clean(self) -> dict[str, Any]:
        """One source; a misfit is asked about once."""
        found: dict[str, Any] = super().clean() or self.cleaned_data
        image = self.images.get(found.get("image") or "")
        if image is not None and not found.get("location"):
            why = firmware.misfit(image, self.obj)
            if why and found.get("sure") != str(image.pk):
                said = {name: self.data[name] for name in self.data}
                self.data = {**said, "sure": str(image.pk)}
                raise forms.ValidationError(
                    _("%(why)s Press again to do it all the same.") % {"why": why}
                )
        return found

    def wanted(self) -> firmware.Wanted:
        """What the station shall do."""
        chosen = self.cleaned_data
        return firmware.Wanted(
            image=self.images.get(chosen["image"]),
            location=chosen["location"],
            signed=chosen["signed"],
            retrieve_at=chosen["retrieve_at"],
            install_at=chosen["install_at"],
            tries=self.tries(),
        )


def has_firmware_permission(self: Any, request: HttpRequest, obj: object = None) -> bool:
    """Who may tell stations to install something. For the page of a station, as the next one."""
    return request.user.has_perm("stations.add_firmwareupdate")


@dialog(
    title=_("Update firmware"),
    permission="firmware",
    form=UpdateFirmwareForm,
    submit=_("Update"),
    text=_("The station fetches the file, installs it and restarts."),
    icon="system_update_alt",
    danger=True,
)
def update_firmware(self: Any, request: HttpRequest, station: Any, form: Any) -> HttpResponse:
    """Tell a station to install a firmware."""
    by = form.request_of(request)
    command = firmware.update(station=station, wanted=form.wanted(), request=by)
    return shown(self, request, station, command)
