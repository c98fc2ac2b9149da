"""Fresh: an answer that caches keep, and that is sent again only when it has changed (RFC 9110 §13)."""

import datetime as dt
import hashlib
from collections.abc import Iterator
from email.utils import format_datetime

from fastapi import Request
from starlette.responses import Response


def answer(
    request: Request, body: bytes, media_type: str, *, lifetime: dt.timedelta, changed: dt.datetime | None = None
) -> Response:
    """
    Return *body* with an ETag of its bytes, or 304 without it where *request* says that the asker has it.

    Anybody may keep it for *lifetime*. *changed* is when it last changed, where that is known.
    """
    headers = {
        "ETag": f'"{hashlib.sha256(body).hexdigest()[:32]}"',
        "Cache-Control": f"public, max-age={int(lifetime.total_seconds())}",
    }
    if changed is not None:
        headers["Last-Modified"] = format_datetime(changed.astimezone(dt.UTC).replace(microsecond=0), usegmt=True)
    if _is_known(request, headers):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)


def has(request: Request, etag: str) -> bool:
    """Return whether the asker of *request* has what bears *etag*, weak or strong (RFC 9110 §13.1.2)."""
    return bool({etag, "*"} & set(_tags(request)))


def _is_known(request: Request, headers: dict[str, str]) -> bool:
    if "if-none-match" in request.headers:  # where it is there, the date counts for nothing: RFC 9110 §13.1.3
        return has(request, headers["ETag"])
    # Equal, not merely as late: what has changed may be older than what stood there before.
    return "Last-Modified" in headers and request.headers.get("if-modified-since") == headers["Last-Modified"]


def _tags(request: Request) -> Iterator[str]:
    for line in request.headers.getlist("if-none-match"):
        for tag in line.split(","):
            yield tag.strip().removeprefix("W/")
