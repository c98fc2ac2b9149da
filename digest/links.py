"""Every address that we print, in one place."""

import datetime as dt
import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from digest.model.ids import EditionId, SourceId
from subscribers.cadence import Cadence

#: Parameters that tell a third party where a reader comes from, and nothing else.
TRACKING = (
    r"(?:utm|mtm|piwik|matomo|hsa|vero|oly|guce)_\w+|pk_(?:campaign|kwd|keyword|source|medium|content|cid)|mc_[ce]id"
    r"|at_(?:medium|campaign|custom\d)\w*|ns_\w+|_ga|_gl|_hsenc|_hsmi|__twitter_impression|fbclid|gclid|gclsrc|dclid|gbraid|wbraid|msclkid|yclid|twclid|ttclid"
    r"|igshid|igsh|mkt_tok|cmp(?:id)?|ncid|ocid|sr_share|smid|smtyp|xtor|wt\.\w+|guccounter|taid|tpcc|spm"
)
_TRACKING = re.compile(TRACKING, re.IGNORECASE)


def tracking_in(url: str) -> tuple[str, ...]:
    """Return the names of the parameters in *url*, and in its fragment, with which third parties follow readers."""
    parts = urlsplit(url)
    pairs = [*parts.query.split("&"), *_pairs(parts.fragment)]
    return tuple(pair.partition("=")[0] for pair in pairs if _follows(pair))


def without_tracking(url: str) -> str:
    """Return *url* without the parameters with which third parties follow readers; all else stays as it is written."""
    parts = urlsplit(url)
    query = "&".join(pair for pair in parts.query.split("&") if not _follows(pair))
    fragment = parts.fragment
    if pairs := _pairs(fragment):
        fragment = "&".join(pair for pair in pairs if not _follows(pair))
    return urlunsplit(parts._replace(query=query, fragment=fragment))


def _pairs(fragment: str) -> list[str]:
    """Return the parameters that *fragment* is made of; none when it names a place on the page."""
    pairs = fragment.split("&")
    return pairs if all("=" in pair for pair in pairs) else []


def _follows(pair: str) -> bool:
    """Return whether *pair*, a name with its value, only tells a third party where a reader comes from."""
    return _TRACKING.fullmatch(unquote(pair.partition("=")[0])) is not None


def is_this_machine(host: str) -> bool:
    """Return whether *host*, a name or a number, is the machine of whoever asks."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Links:
    """
    Makes every URL of the product below *base_url*, the public address without a slash at its end.

    A *token* is one that ``subscribers.tokens`` has made: it stands in a URL as it is.
    """

    base_url: str

    @property
    def host(self) -> str:
        """Return the host name that readers see."""
        return urlsplit(self.base_url).hostname or "localhost"

    def subscribe(self, newsletter: str) -> str:
        """Return the sign-up page of *newsletter*."""
        return f"{self.base_url}/subscribe/{quote(newsletter)}"

    def subscribe_form(self, newsletter: str) -> str:
        """Return the small sign-up form of *newsletter* that other sites show in a frame."""
        return f"{self.subscribe(newsletter)}/form"

    def confirm(self, token: str) -> str:
        """Return the page where a reader confirms a sign-up."""
        return f"{self.base_url}/confirm/{token}"

    def unsubscribe(self, token: str) -> str:
        """Return the address for one-click POSTs and for the page with the button (RFC 8058)."""
        return f"{self.base_url}/u/{token}"

    def preferences(self, token: str) -> str:
        """Return the page where a reader changes their wishes."""
        return f"{self.base_url}/p/{token}"

    def ask_address(self, token: str) -> str:
        """Return where a reader asks for another address, from their preferences."""
        return f"{self.preferences(token)}/address"

    def ask_export(self, token: str) -> str:
        """Return where a reader asks for what we keep about them, from their preferences."""
        return f"{self.preferences(token)}/export"

    def ask_erasure(self, token: str) -> str:
        """Return where a reader asks to be forgotten, from their preferences."""
        return f"{self.preferences(token)}/erase"

    def confirm_address(self, token: str) -> str:
        """Return the page where a reader confirms another address."""
        return f"{self.base_url}/a/{token}"

    def own_data(self, token: str) -> str:
        """Return the page where a reader fetches what we keep about them."""
        return f"{self.base_url}/d/{token}"

    def erase(self, token: str) -> str:
        """Return the page where a reader is forgotten."""
        return f"{self.base_url}/f/{token}"

    def view(self, edition_id: EditionId, token: str) -> str:
        """Return the page that shows an Edition as this reader got it."""
        return f"{self.base_url}/v/{edition_id}/{token}"

    def archive(self, newsletter: str) -> str:
        """Return the list of past Editions."""
        return f"{self.base_url}/archive/{quote(newsletter)}"

    def archive_month(self, newsletter: str, month: dt.date) -> str:
        """Return the list of the Editions of the month in which *month* lies."""
        return f"{self.archive(newsletter)}/{month:%Y-%m}"

    def archive_feed(self, newsletter: str) -> str:
        """Return the Atom feed of Editions."""
        return f"{self.archive(newsletter)}/feed.xml"

    def edition(self, newsletter: str, cadence: Cadence, date: dt.date) -> str:
        """Return the archive page of one Edition."""
        return f"{self.archive(newsletter)}/{cadence}/{date.isoformat()}"

    def edition_card(self, newsletter: str, cadence: Cadence, date: dt.date) -> str:
        """Return the picture of one Edition that is drawn from its words."""
        return f"{self.edition(newsletter, cadence, date)}/card.png"

    def picture(self, sha256: str) -> str:
        """Return the address of the picture that we keep under *sha256*."""
        return f"{self.base_url}/i/{sha256}.jpg"

    def brand(self, newsletter: str) -> str:
        """Return the stylesheet with the look of *newsletter*."""
        return f"{self.base_url}/brand/{quote(newsletter)}.css"

    def help(self) -> str:
        """Return the page that says what this is and how to leave."""
        return f"{self.base_url}/help"

    def desk(self) -> str:
        """Return the editors' page."""
        return f"{self.base_url}/desk"

    def sign_in_link(self, secret: str) -> str:
        """Return the page that signs the bearer of *secret* in at the desk."""
        return f"{self.desk()}/sign-in/link/{secret}"

    def set_password(self, secret: str) -> str:
        """Return the page where the bearer of *secret* sets a password for the desk."""
        return f"{self.desk()}/sign-in/password/{secret}"

    def desk_edition(self, edition_id: EditionId) -> str:
        """Return the editors' page of one Edition."""
        return f"{self.base_url}/desk/edition/{edition_id}"

    def desk_sources(self) -> str:
        """Return the editors' page of all Sources."""
        return f"{self.base_url}/desk/sources"

    def desk_source(self, source_id: SourceId) -> str:
        """Return the editors' page of one Source."""
        return f"{self.desk_sources()}/{source_id}"
