"""Every address that we print, in one place."""

import datetime as dt
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from digest.model.ids import EditionId
from subscribers.cadence import Cadence


@dataclass(frozen=True, slots=True)
class Links:
    """Makes every URL of the product below *base_url*, the public address without a slash at its end."""

    base_url: str

    @property
    def host(self) -> str:
        """Return the host name that readers see."""
        return urlsplit(self.base_url).hostname or "localhost"

    def subscribe(self, newsletter: str) -> str:
        """Return the sign-up page of *newsletter*."""
        return f"{self.base_url}/subscribe/{quote(newsletter)}"

    def confirm(self, token: str) -> str:
        """Return the page where a reader confirms a sign-up."""
        return f"{self.base_url}/confirm/{quote(token)}"

    def unsubscribe(self, token: str) -> str:
        """Return the address for one-click POSTs and for the page with the button (RFC 8058)."""
        return f"{self.base_url}/u/{quote(token)}"

    def preferences(self, token: str) -> str:
        """Return the page where a reader changes their wishes."""
        return f"{self.base_url}/p/{quote(token)}"

    def view(self, edition_id: EditionId, token: str) -> str:
        """Return the page that shows an Edition as this reader got it."""
        return f"{self.base_url}/v/{edition_id}/{quote(token)}"

    def archive(self, newsletter: str) -> str:
        """Return the list of past Editions."""
        return f"{self.base_url}/archive/{quote(newsletter)}"

    def edition(self, newsletter: str, cadence: Cadence, date: dt.date) -> str:
        """Return the archive page of one Edition."""
        return f"{self.archive(newsletter)}/{cadence}/{date.isoformat()}"

    def help(self) -> str:
        """Return the page that says what this is and how to leave."""
        return f"{self.base_url}/help"

    def desk(self) -> str:
        """Return the editors' page."""
        return f"{self.base_url}/desk"

    def desk_edition(self, edition_id: EditionId) -> str:
        """Return the editors' page of one Edition."""
        return f"{self.base_url}/desk/edition/{edition_id}"
