"""Importing cards, step by step: a file, what its columns are, what would come of it, done."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.template.defaultfilters import filesizeformat
from django.urls import path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from cms.shared import clock, display, texts
from cms.shared.admin import BigTableAdmin, FileInput, ReadOnlyAdmin
from cms.shared.dialogs import dialog, leave
from cms.shared.errors import DomainError
from rfid.admin import import_steps, panels, templates_of_tables
from rfid.admin.panels import Tool
from rfid.models import CardImport, ImportState
from rfid.services import imports, sheets

_TONES = {
    ImportState.UPLOADED: "blue",
    ImportState.CHECKING: "blue",
    ImportState.PREVIEWED: "amber",
    ImportState.RUNNING: "blue",
    ImportState.DONE: "green",
    ImportState.FAILED: "red",
}
_NEEDED = ("rfid.add_cardimport", "rfid.add_rfidcard", "rfid.change_rfidcard")


class UploadForm(forms.ModelForm):  # type: ignore[type-arg]
    """The file."""

    upload = forms.FileField(
        label=gettext_lazy("File"),
        widget=FileInput,
        help_text=gettext_lazy("CSV or XLSX, its first row naming the columns"),
    )

    class Meta:
        model = CardImport
        fields: tuple[str, ...] = ()

    def clean_upload(self) -> Any:
        """A file of a size we read. Raises ValidationError."""
        file = self.cleaned_data["upload"]
        if file.size > sheets.MOST_BYTES:
            sizes = {"size": filesizeformat(file.size), "most": filesizeformat(sheets.MOST_BYTES)}
            raise forms.ValidationError(
                _("The file has %(size)s; at most %(most)s are taken. Send it in parts.") % sizes
            )
        return file


@admin.register(CardImport)
class CardImportAdmin(ReadOnlyAdmin, BigTableAdmin):
    """What was imported, and what still waits to be confirmed."""

    form = UploadForm
    list_display = ("what", "state_shown", "counted", "who", "uploaded")
    list_display_links = ("what",)
    search_fields = ("name__istartswith",)
    search_help_text = gettext_lazy("File name begins with …")
    ordering = ("-id",)
    change_form_outer_before_template = "admin/rfid/import.html"
    actions_detail = ["confirm", "cancel"]
    add_fieldsets = ((None, {"fields": ("upload",)}),)
    fieldsets = ((None, {"fields": (("what", "state_shown"), ("who", "uploaded"))}),)

    class Media:
        css = {"all": ("voltdesk/cards.css",)}

    def get_urls(self) -> list[Any]:
        """Plus naming the columns, its live part, its errors, and tables to begin with."""
        view, name = self.admin_site.admin_view, "rfid_cardimport"
        return [
            path("template.csv", view(self.template_csv), name=f"{name}_template_csv"),
            path("template.xlsx", view(self.template_xlsx), name=f"{name}_template_xlsx"),
            path("<int:pk>/columns/", view(self.columns), name=f"{name}_columns"),
            path("<int:pk>/live/", view(self.live), name=f"{name}_live"),
            path("<int:pk>/errors.csv", view(self.errors), name=f"{name}_errors"),
            *super().get_urls(),
        ]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who may import: who may add and change cards, too."""
        return request.user.has_perms(_NEEDED)

    def has_import_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Likewise."""
        return request.user.has_perms(_NEEDED)

    def get_queryset(self, request: HttpRequest) -> Any:
        """Without the files."""
        return super().get_queryset(request).defer("content")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """The file is asked for first."""
        return self.fieldsets if obj else self.add_fieldsets

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """All but the file."""
        return ("what", "state_shown", "who", "uploaded") if obj else ()

    def save_model(self, request: HttpRequest, obj: CardImport, form: Any, change: bool) -> None:
        """Keep the file."""
        file, by = form.cleaned_data["upload"], request.user
        made = imports.take(name=file.name, content=file.read(), by=by, at=clock.now())  # type: ignore[arg-type]
        obj.__dict__.update(made.__dict__)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: Any = None) -> Any:
        """On to the columns."""
        return HttpResponseRedirect(display.page(obj))

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """None beside the title: what fits stands where one looks."""
        return []

    def around(self, request: HttpRequest, row: CardImport) -> dict[str, Any]:
        """The step it is at."""
        return import_steps.shown(request, row, may=self.has_import_permission(request))

    def live(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The part of the page that renews itself while somebody works on it."""
        row = self.found(request, str(pk))
        response = render(request, "admin/rfid/import.html", self.around(request, row))
        if not row.is_under_way:
            response["HX-Refresh"] = "true"  # what stands around it is another page then
        return response

    def errors(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """All that is wrong with its lines, as a file."""
        row = self.found(request, str(pk))
        return import_steps.errors(row)

    def columns(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Say what the columns are, and go on to what would come of it."""
        row = self.found(request, str(pk))
        if not self.has_import_permission(request):
            raise PermissionDenied
        if request.method == "GET":
            return self.change_view(request, str(pk))
        if request.method != "POST":
            return HttpResponseNotAllowed(["GET", "POST"])
        fields = [request.POST.get(f"column_{at}", "") for at in range(len(row.headings))]
        reverse_bytes = request.POST.get("byte_order") == "reversed"
        update = request.POST.get("existing", "update") == "update"
        try:
            imports.preview(
                of=row, fields=fields, reverse=reverse_bytes, update=update, now=clock.now
            )
        except DomainError as error:
            messages.error(request, texts.localised(error.message))
        return HttpResponseRedirect(display.page(row))

    @dialog(
        title=gettext_lazy("Import the cards"),
        permission="import",
        submit=gettext_lazy("Import"),
        text=gettext_lazy(
            "The good rows become cards; rows with errors are left out. It goes on by itself, also "
            "where you leave the page or a server stops midway."
        ),
        icon="upload",
        look="primary",
    )
    def confirm(self, request: HttpRequest, row: Any, form: Any) -> HttpResponse:
        """Do what was shown."""
        done = imports.confirm(of=row, by=request.user, now=clock.now)  # type: ignore[arg-type]
        if done.state == ImportState.DONE:
            number = done.counts["new"] + done.counts["changed"]
            said = ngettext("%(count)d card is imported.", "%(count)d cards are imported.", number)
            messages.success(request, said % {"count": number})
        return leave(request, display.page(row))

    @dialog(
        title=gettext_lazy("Forget the file"),
        permission="import",
        submit=gettext_lazy("Forget it"),
        text=gettext_lazy("Nothing of it is imported any more."),
        icon="delete",
    )
    def cancel(self, request: HttpRequest, row: Any, form: Any) -> HttpResponse:
        """Import nothing."""
        imports.cancel(of=row)
        return leave(request, reverse("admin:rfid_rfidcard_changelist"))

    def template_csv(self, request: HttpRequest) -> HttpResponse:
        """A table to begin with, as CSV."""
        self.may_look(request)
        return templates_of_tables.as_csv()

    def template_xlsx(self, request: HttpRequest) -> HttpResponse:
        """The same as a workbook, whose cells are texts: no number loses its leading zeros."""
        self.may_look(request)
        return templates_of_tables.as_xlsx()

    @admin.display(description=gettext_lazy("Import"))
    def what(self, row: CardImport) -> str:
        """Number and file."""
        return str(row)

    @admin.display(description=gettext_lazy("State"))
    def state_shown(self, row: CardImport) -> SafeString:
        """How far it came."""
        return display.pill(row.get_state_display(), _TONES.get(ImportState(row.state), "grey"))

    @admin.display(description=gettext_lazy("Rows"))
    def counted(self, row: CardImport) -> str:
        """How many of each kind."""
        kinds = import_steps.WORDS.items()
        words = [f"{row.counts.get(kind, 0)} {word}" for kind, (word, _tone) in kinds]
        return " · ".join(words) if row.counts else ""

    @admin.display(description=gettext_lazy("By"))
    def who(self, row: CardImport) -> str:
        """Who sent it."""
        return row.by_name

    @admin.display(description=gettext_lazy("Uploaded"))
    def uploaded(self, row: CardImport) -> SafeString:
        """When."""
        return display.ago(row.uploaded_at)


def _tool(request: HttpRequest) -> Tool | None:
    if not request.user.has_perms((*_NEEDED, "rfid.view_cardimport")):
        return None
    return Tool(_("Import…"), reverse("admin:rfid_cardimport_add"))


panels.tools.append(_tool)
