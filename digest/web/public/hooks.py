"""The doors of mail providers: each opens only with what proves its provider, and is not there without it."""

from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request
from starlette.responses import PlainTextResponse, Response

from digest import webhooks
from digest.deliver.hooks import Forged, Unreadable
from digest.errors import FetchFailed
from digest.logs import logger
from digest.web.pages import Wired

router = APIRouter()
log = logger(__name__)

PROVIDERS = frozenset({"ses", "sendgrid", "mailgun", "postmark"})


async def _body(request: Request, provider: str, services: Wired) -> bytes:
    """Return the body; 404 before a byte of it is read where the door is shut, 413 when it is too long."""
    if provider not in PROVIDERS or not webhooks.is_open(services, provider):
        raise HTTPException(404)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > webhooks.LONGEST_BODY:
            raise HTTPException(413)
    return bytes(body)


@router.post("/hooks/{provider}")
def take(provider: str, body: Annotated[bytes, Depends(_body)], request: Request, services: Wired) -> Response:
    """Record what the provider tells; 200 also for what had been told before, so that it is not sent again."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        words = webhooks.take(services, request.app.state.hooks, provider, body, headers)
    except Forged as fault:
        log.warning("a hook was called by a stranger", provider=provider, reason=str(fault))
        is_unknown = provider == "postmark"
        challenge = {"WWW-Authenticate": 'Basic realm="hooks"'} if is_unknown else None
        return PlainTextResponse("refused\n", status_code=401 if is_unknown else 403, headers=challenge)
    except Unreadable as fault:
        log.warning("a hook brought what cannot be read", provider=provider, reason=str(fault))
        return PlainTextResponse("not understood\n", status_code=400)
    except FetchFailed as fault:
        log.warning("a hook could not be verified now", provider=provider, reason=str(fault))
        return PlainTextResponse("try again\n", status_code=503)
    return PlainTextResponse(f"{len(words)}\n")
