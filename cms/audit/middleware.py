"""Says for the length of a request who acts in it; asked only when something is written down."""

from __future__ import annotations

from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest

from cms.shared import audit


class Acting:
    """Sets no receivers and asks no database: requests that change nothing pay nothing."""

    sync_capable = async_capable = True

    def __init__(self, get_response: Any) -> None:
        self._get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        """The response of what comes after."""
        if self._is_async:
            return self._later(request)
        with audit.acting(request):
            return self._get_response(request)

    async def _later(self, request: HttpRequest) -> Any:
        with audit.acting(request):
            return await self._get_response(request)
