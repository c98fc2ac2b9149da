"""What `source parse` and `article extract` read: a file, or an address fetched through the guarded client."""

import asyncio
from pathlib import Path

from digest.gather.files import read_bytes
from digest.http import GuardedClient
from digest.services import PRODUCT


def is_address(text: str) -> bool:
    """Return whether *text* is a web address rather than a file."""
    return text.startswith(("http://", "https://"))


def read(text: str) -> tuple[bytes, str]:
    """Return the bytes behind *text*, a file or a web address, and their content type where told; else DigestError."""
    if is_address(text):
        return asyncio.run(_fetched(text))
    return read_bytes(Path(text)), ""


async def _fetched(url: str) -> tuple[bytes, str]:
    async with GuardedClient(user_agent=PRODUCT) as client:
        response = await client.get(url)
        return response.body, response.content_type
