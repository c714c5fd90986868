"""People and programs on HTTP: a client of the REST API, and a browser that keeps its cookies."""

from __future__ import annotations

import json
import re
from email.message import Message
from http.client import HTTPResponse
from http.cookiejar import CookieJar
from typing import Any, NamedTuple
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, ProxyHandler, Request, build_opener

from tests.processes import Server, manage

_TIMEOUT_S = 90.0


class Answer(NamedTuple):
    """Status, body (JSON as a value, all else as text) and headers of an HTTP answer."""

    status: int
    body: Any
    headers: Message[str, str]


class Api:
    """The REST API for one caller; ``credentials`` is what Authorization says."""

    def __init__(self, url: str, credentials: str = "") -> None:
        self._url = f"{url}/api"
        self._headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if credentials:
            self._headers["Authorization"] = credentials

    def get(self, path: str) -> Answer:
        """Read."""
        return self._ask("GET", path)

    def post(self, path: str, body: Any = None, *, key: str = "") -> Answer:
        """Ask for something; ``key``: the Idempotency-Key."""
        return self._ask("POST", path, body, {"Idempotency-Key": key} if key else {})

    def delete(self, path: str) -> Answer:
        """Take something away."""
        return self._ask("DELETE", path)

    def patch(self, path: str, body: Any) -> Answer:
        """Change something."""
        return self._ask("PATCH", path, body)

    def upload(self, path: str, name: str, content: bytes, **fields: str) -> Answer:
        """Send a file as a browser's form does."""
        parts = [(f'name="{key}"', value.encode()) for key, value in fields.items()]
        parts.append((f'name="file"; filename="{name}"', content))
        form = b"".join(
            b"--xxx\r\nContent-Disposition: form-data; %s\r\n\r\n%s\r\n" % (head.encode(), value)
            for head, value in parts
        )
        headers = {**self._headers, "Content-Type": "multipart/form-data; boundary=xxx"}
        request = Request(f"{self._url}/{path}", form + b"--xxx--\r\n", headers, method="POST")
        return _answer(_opener(), request)

    def raw(self, path: str) -> Answer:
        """Read a file: its bytes as the body. ``path`` is as the API itself writes it."""
        request = Request(self._url.removesuffix("/api") + path, headers=self._headers)
        with _opener().open(request, timeout=_TIMEOUT_S) as response:
            return Answer(response.status, response.read(), response.headers)

    def _ask(
        self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
    ) -> Answer:
        data = None if method == "GET" else json.dumps({} if body is None else body).encode()
        headers = {**self._headers, **(headers or {})}
        request = Request(f"{self._url}/{path}", data, headers, method=method)
        return _answer(_opener(), request)


def with_api_key(server: Server, scopes: str = "read,write,control") -> Api:
    """A program with an API key of the admin's, made as an operator makes one."""
    command = ("create_api_key", "--name", "test", "--user", "admin", "--scopes", scopes)
    return Api(server.http, f"Api-Key {manage(server.environment, *command).strip()}")


def with_token(server: Server) -> Api:
    """A person's program: it logs in and gets a JWT."""
    login = {"username": "admin", "password": server.password}
    answer = Api(server.http).post("auth/token", login)
    assert answer.status == 200, answer
    return Api(server.http, f"Bearer {answer.body['access']}")


class Browser:
    """A person's browser: follows redirects, keeps cookies, sends a form's CSRF token."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._jar = CookieJar()
        self._opener = _opener(HTTPCookieProcessor(self._jar))

    @property
    def cookies(self) -> str:
        """As the Cookie header of its requests."""
        return "; ".join(f"{each.name}={each.value}" for each in self._jar)

    def open(self, path: str) -> Answer:
        """Look at a page."""
        return _answer(self._opener, Request(f"{self._url}{path}", headers={"Accept": "text/html"}))

    def submit(self, path: str, **fields: str) -> Answer:
        """Fill in the form of a page and send it to the same address."""
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', self.open(path).body)
        assert token, f"there is no form at {path}"
        data = urlencode({**fields, "csrfmiddlewaretoken": token[1]}).encode()
        request = Request(f"{self._url}{path}", data, {"Referer": f"{self._url}{path}"})
        return _answer(self._opener, request)


def logged_in(server: Server, username: str = "admin", password: str = "") -> Browser:
    """The admin, or who else may come in, at a browser, past the login page."""
    browser = Browser(server.http)
    login = {"username": username, "password": password or server.password}
    page = browser.submit("/admin/login/?next=/admin/", **login)
    assert page.status == 200, page
    assert 'name="password"' not in page.body
    return browser


def _opener(*handlers: Any) -> OpenerDirector:
    return build_opener(ProxyHandler({}), *handlers)  # nothing of this machine's in between


def _answer(opener: OpenerDirector, request: Request) -> Answer:
    try:
        response: HTTPResponse | HTTPError = opener.open(request, timeout=_TIMEOUT_S)
    except HTTPError as error:
        response = error
    with response:
        text = response.read().decode(errors="replace")
        is_json = "json" in response.headers.get("Content-Type", "")
        body = json.loads(text) if is_json and text else text
        return Answer(response.status or 0, body, response.headers)
