"""What a row of a list shows when it is expanded."""

from __future__ import annotations

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from unfold.sections import BaseSection


class LazySection(BaseSection):
    """Fetched when its row is expanded: until then it costs no query and hardly a byte."""

    view = ""  # the name of the view that shows it, which takes the row's id

    def render(self) -> SafeString:
        """The place it comes to: shown, it asks once."""
        return format_html(
            '<div class="vd-lazy" hx-get="{}" hx-trigger="intersect once" hx-swap="innerHTML">'
            '<p class="vd-empty" role="status">{}</p></div>',
            reverse(self.view, args=[self.instance.pk]),
            _("Loading …"),
        )
