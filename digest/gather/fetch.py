"""Ask one Source over HTTP whether it has anything new."""

import hashlib
from dataclasses import dataclass
from typing import Protocol

from digest.http import Response, UnwelcomeStatus
from digest.model.entry import Check, Failed, Unchanged


class Client(Protocol):
    """Whatever can fetch: the guarded client, or a stand-in for it."""

    async def get(self, url: str, *, etag: str | None = None, last_modified: str | None = None) -> Response:
        """Return the answer of *url*, or raise FetchFailed."""
        ...


@dataclass(frozen=True, slots=True)
class News:
    """A body that differs from the one we know."""

    response: Response
    body_hash: str


async def fetch(check: Check, client: Client) -> News | Unchanged | Failed:
    """
    Return what *check* came to, before any parsing.

    Unchanged on 304 and on a body that we know: many feeds send no validators. Failed on a status that is of no use,
    gone when it is 410. Raises FetchFailed when there was no answer at all.
    """
    try:
        response = await client.get(check.address, etag=check.etag, last_modified=check.last_modified)
    except UnwelcomeStatus as error:
        return Failed(reason=str(error), gone=error.status == 410, wait=error.wait)
    body_hash = hashlib.sha256(response.body).hexdigest()
    if response.status == 304 or body_hash == check.body_hash:
        return Unchanged(moved_to=response.moved_permanently_to, wait=response.wait)
    return News(response, body_hash)
