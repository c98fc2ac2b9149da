"""A reader who leaves by a link, as the page and the mail program do."""

import asyncio

from digest.readers import leaving
from digest.readers.way_out import WayOut
from digest.services import Services


def leave(services: Services, token: str, *, by_page: bool) -> None:
    """End the Subscription behind *token*, and wait until that is written."""
    wish = leaving.wish_to_leave(services, token, by_page=by_page, network="192.0.2.7")
    assert wish is not None
    asyncio.run(WayOut(services).leave(wish))
