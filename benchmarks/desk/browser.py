"""An editor's browser as far as times go: one connection that stays open, signed in."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection
from typing import NamedTuple
from urllib.parse import urlencode, urljoin, urlsplit

_CSRF = re.compile(r'name="csrf" value="([^"]+)"')
_LOADED = re.compile(r'<(?:link rel="stylesheet" href|script[^>]* src)="([^"]+)"')


class Answer(NamedTuple):
    """What came back, and after how many milliseconds."""

    status: int
    body: bytes
    where: str
    milliseconds: float


@dataclass(slots=True)
class Browser:
    """A browser at the server on *port* of this machine."""

    port: int
    _line: HTTPConnection | None = None
    _cookie: str = ""
    _csrf: str = ""

    def sign_in(self, email: str, password: str) -> None:
        """Sign in, and remember what forms must carry."""
        answer = self._ask("POST", "/desk/sign-in", {"email": email, "password": password})
        if answer.status != 303 or not self._cookie:
            raise SystemExit(f"signing in was answered with {answer.status}")
        found = _CSRF.search(self.get("/desk").body.decode())
        assert found is not None
        self._csrf = found[1]

    def get(self, path: str) -> Answer:
        """Ask for *path*; SystemExit unless it is there."""
        answer = self._ask("GET", path)
        if answer.status != 200:
            raise SystemExit(f"{path} was answered with {answer.status}")
        return answer

    def post(self, path: str, **fields: str) -> Answer:
        """Post *fields* to *path*; SystemExit unless it leads on, as after an act that was done."""
        answer = self._ask("POST", path, {"csrf": self._csrf, **fields})
        if answer.status != 303:
            raise SystemExit(f"{path} was answered with {answer.status}: {answer.body[:300]!r}")
        return answer

    def loaded_by(self, path: str) -> dict[str, tuple[int, int]]:
        """Return the bytes of the page at *path* and of each style sheet and script that it loads, plain and packed."""
        page = self.get(path).body
        names = [urlsplit(urljoin(path, name)).path for name in _LOADED.findall(page.decode())]
        return {name: (len(self.get(name).body), len(self._packed(name))) for name in (path, *names)}

    def _packed(self, path: str) -> bytes:
        return self._ask("GET", path, encoding="gzip").body

    def _ask(
        self, method: str, path: str, fields: Mapping[str, str] | None = None, *, encoding: str = "identity"
    ) -> Answer:
        if self._line is None:
            self._line = HTTPConnection("127.0.0.1", self.port, timeout=60)
        headers = {"Sec-Fetch-Site": "same-origin", "Cookie": self._cookie, "Accept-Encoding": encoding}
        body = None
        if fields is not None:
            body = urlencode(fields)
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        began = time.perf_counter()
        self._line.request(method, path, body, headers)
        answer = self._line.getresponse()
        read = answer.read()
        taken = 1000 * (time.perf_counter() - began)
        if given := answer.headers.get("Set-Cookie"):
            self._cookie = given.partition(";")[0]
        return Answer(answer.status, read, answer.headers.get("Location", ""), taken)
