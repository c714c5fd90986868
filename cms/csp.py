"""The Content-Security-Policy of a response: strict, but for pages people look at."""

from __future__ import annotations

from functools import cache

from csp.middleware import CSPMiddleware, PolicyParts
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse


class ContentSecurityPolicy(CSPMiddleware):
    """What a view asked for (csp's decorators) comes first, then what its part needs."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        """The policy of this response, in its parts."""
        parts: PolicyParts = super().get_policy_parts(request, response, report_only)
        if parts.config is None and not report_only and request.path_info.startswith(_pages()):
            parts.config = settings.PAGES_CONTENT_SECURITY_POLICY
        return parts


@cache
def _pages() -> tuple[str, ...]:
    return reverse("admin:index"), "/account/"
