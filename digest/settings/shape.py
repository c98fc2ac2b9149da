"""
The shape of config.toml: every setting with its default, its limits and one sentence on what it does.

``docs/settings.md`` lists exactly these; a test compares the two.
"""

import base64
import datetime as dt
import ipaddress
import os
import re
from contextvars import ContextVar
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from cssselect import HTMLTranslator, SelectorError
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    field_validator,
    model_validator,
)

from digest.model.bounces import AfterReading
from digest.model.look import Images, Theme
from digest.model.newsletter import Approval, SourceKind
from digest.model.relay import Conduct, Mechanism, Profile, Protocol, Security
from digest.settings import domain_list
from subscribers.cadence import Cadence

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
COLOUR = r"^#[0-9a-fA-F]{6}$"
LANGUAGE = r"^[a-z]{2,3}$"
LOCALE = r"^[a-z]{2,3}(-[A-Z]{2})?$"
FONTS = r"^([A-Za-z0-9 -]+(, *[A-Za-z0-9 -]+)*)?$"
WEB = r"^https?://"
SLUG = r"^[a-z0-9]+(-[a-z0-9]+)*$"
_DOMAIN = re.compile(r"(?!-)[\w-]+(\.[\w-]+)*")
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_DNS_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*", re.IGNORECASE)
_DATABASES = re.compile(r"(sqlite|postgresql)(\+\w+)?://")

#: The folder that relative paths begin from, while a config.toml is read.
HOME: ContextVar[Path] = ContextVar("HOME")


def _zone(value: object) -> ZoneInfo:
    try:
        return ZoneInfo(str(value))
    except (KeyError, ValueError, OSError):
        raise ValueError("is no time zone; give a name such as Europe/Berlin") from None


def _weekday(value: object) -> int:
    try:
        return WEEKDAYS.index(str(value).strip().lower()[:3]) + 1
    except ValueError:
        raise ValueError("is no day of the week; give one of mon, tue, wed, thu, fri, sat, sun") from None


def _hour(value: object) -> dt.time:
    try:
        hour = value if isinstance(value, dt.time) else dt.time.fromisoformat(str(value))
    except ValueError:
        raise ValueError('is no time of day; give one such as "07:00"') from None
    if hour.tzinfo is not None:
        raise ValueError('has a zone of its own; give the hour alone, such as "07:00", and set zone')
    return hour


def _mailbox(value: object) -> str:
    text = _line(str(value))
    _, address = parseaddr(text)
    local, at, domain = address.rpartition("@")
    if not (local and at and _DOMAIN.fullmatch(domain)) or any(c.isspace() for c in address):
        raise ValueError('is no mail address; give one such as "The Daily <daily@news.example.org>"')
    return text


def _line(value: str) -> str:
    if not value.isprintable():
        raise ValueError("holds a line break or a control character; write it on one line")
    return value


def _web(value: str) -> str:
    try:
        parts = urlsplit(value)
        host = parts.hostname
    except ValueError:
        host = None
    if not host or parts.scheme not in {"http", "https"} or re.search(r"\s", value):
        raise ValueError("is no web address; give one such as https://news.example.org")
    return value


def _language(value: str) -> str:
    try:
        Locale.parse(value, sep="-")
    except (UnknownLocaleError, ValueError):
        raise ValueError('is no language whose dates are known; give one such as "en", "en-GB" or "fr"') from None
    return value


def below_home(value: Path) -> Path:
    """Return *value* as an absolute path: ``~`` is the user's home, a relative one begins at config.toml's folder."""
    return Path(os.path.normpath(HOME.get() / value.expanduser()))


def _folder(value: Path) -> Path:
    path = below_home(value)
    if not path.is_dir():
        raise ValueError(f"is no folder at {path}; make it, or mend the path")
    return path


def _secret_file(value: Path) -> Path:
    path = below_home(value)
    try:
        path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as fault:
        reason = fault.strerror if isinstance(fault, OSError) else "it holds no text"
        raise ValueError(f"cannot be read at {path}: {reason}; name a readable file") from None
    return path


def _domains_file(value: Path) -> Path:
    domain_list.read(value)
    return value


def signing_domain(value: str) -> str:
    """Return *value* as a domain that can sign, in lower case; ValueError says what is wrong with it."""
    if not _DNS_NAME.fullmatch(value) or "." not in value or len(value) > 200:
        raise ValueError("is no domain; give one such as news.example.org, others than ASCII as xn--…")
    return value.lower()


def key_selector(value: str) -> str:
    """Return *value* if a key in DNS can be called so; ValueError says what is wrong with it."""
    if not _DNS_NAME.fullmatch(value) or len(value) > 63:
        raise ValueError("is no selector; give a short name such as d202611")
    return value


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _as_list(value: object) -> object:
    return value.replace(",", " ").split() if isinstance(value, str) else value  # as the environment gives it


def _only_networks(value: tuple[str, ...]) -> tuple[str, ...]:
    for text in value:
        try:
            ipaddress.ip_network(text)
        except ValueError:
            raise ValueError(f'holds "{text}", which is no network; give one such as 10.0.0.0/8') from None
    return value


def _selector(value: str) -> str:
    try:
        HTMLTranslator().css_to_xpath(value or "*")
    except SelectorError as fault:
        raise ValueError(f"is no CSS selector ({fault}); give one such as article h2 a") from None
    return value


Zone = Annotated[ZoneInfo, BeforeValidator(_zone)]
Hour = Annotated[dt.time, BeforeValidator(_hour)]
Weekday = Annotated[int, BeforeValidator(_weekday)]
MailboxText = Annotated[str, BeforeValidator(_mailbox)]
Line = Annotated[str, AfterValidator(_line)]
Web = Annotated[str, AfterValidator(_web)]
Selector = Annotated[str, AfterValidator(_selector)]
Folder = Annotated[Path, AfterValidator(_folder)]
SecretFile = Annotated[Path, AfterValidator(_secret_file)]
DomainsFile = Annotated[Path, AfterValidator(_secret_file), AfterValidator(_domains_file)]
SigningDomain = Annotated[str, AfterValidator(signing_domain)]
KeySelector = Annotated[str, AfterValidator(key_selector)]


class Part(BaseModel):
    """A table of config.toml; a key that it does not know is a fault, so that a typing error is never silent."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)


class SiteTable(Part):
    """``[site]``: where the pages live."""

    base_url: Web = Field("http://127.0.0.1:8025", description="The public address of the pages, as printed in mails.")
    listen: str = Field("127.0.0.1:8025", description="Host and port that `digest run` listens on.")
    state: Path = Field(
        Path("var"), description="The folder for the SQLite database and the keys; relative to config.toml."
    )
    trusted_proxies: tuple[str, ...] = Field(
        (), description="Addresses or networks of proxies that are believed about whom they speak for; this machine is."
    )
    insecure_http: bool = Field(
        False, description="Allow staff to sign in over plain http on a public address (never do this on the internet)."
    )
    staff_second_factor: Literal["optional", "required"] = Field(
        "optional", description='"required": staff without a second factor can only turn one on.'
    )
    audit_days: int = Field(
        365, ge=0, description="After so many days what staff did is deleted from the audit trail; 0 keeps it."
    )

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return _as_list(value)

    @field_validator("trusted_proxies")
    @classmethod
    def _proxies(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return _only_networks(value)

    @field_validator("base_url")
    @classmethod
    def _base_url(cls, value: str) -> str:
        if "?" in value or "#" in value:
            raise ValueError("has a part behind ? or #; leave that out")
        return value.rstrip("/")

    @field_validator("listen")
    @classmethod
    def _listen(cls, value: str) -> str:
        host, _, port = value.rpartition(":")
        if not host or not (port.isascii() and port.isdigit()) or not 0 <= int(port) <= 65535:
            raise ValueError("is no host and port; give one such as 127.0.0.1:8025")
        return value


class DatabaseTable(Part):
    """``[database]``: where things are kept."""

    url: SecretStr | None = Field(
        None, description="SQLAlchemy address; by default SQLite in the state folder. PostgreSQL: postgresql://…"
    )

    @field_validator("url")
    @classmethod
    def _known_database(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _DATABASES.match(value.get_secret_value()):
            raise ValueError("is no address of SQLite or PostgreSQL; begin it with sqlite:/// or postgresql://")
        return value


class SmtpTable(Part):
    """``[smtp]``: the server that takes our mail."""

    host: str = Field("localhost", min_length=1, description="Name of the server; or the path of an LMTP socket.")
    port: int = Field(587, ge=1, le=65535, description="Its port.")
    profile: Profile = Field(
        Profile.NONE, description='Whose it is: "none", "ses", "sendgrid", "mailgun" or "postmark".'
    )
    protocol: Protocol = Field(Protocol.SMTP, description='"smtp", or "lmtp" for a mail store of your own.')
    security: Security = Field(Security.STARTTLS, description='"starttls", "tls" (from the first byte) or "none".')
    username: Line = Field("", description="User name, where the server wants one.")
    password: SecretStr = Field(SecretStr(""), description="Password; better in a file or the environment.")
    password_file: SecretFile | None = Field(
        None, description="A file that holds the password, or the access token; read at each sign-in."
    )
    auth: Mechanism = Field(
        Mechanism.AUTO, description='"auto", "plain", "login", "cram-md5", or "xoauth2" with an access token.'
    )
    verify: bool = Field(True, description="Check the server's certificate.")
    pipelining: Conduct = Field(
        Conduct.PIPELINED,
        description='"pipelined", "eager" (a round trip less, for a server far away) or "lock-step".',
    )
    timeout_seconds: float = Field(300.0, gt=0, le=3600, description="The longest wait for a reply but the last.")
    connections: int = Field(16, ge=1, le=200, description="At most so many connections at once; found by trying.")
    per_connection: int = Field(100, ge=1, le=100_000, description="At most so many mails on one connection.")
    per_minute: float | None = Field(None, gt=0, description="At most so many mails a minute, by all senders together.")
    per_day: int | None = Field(None, ge=1, description="At most so many mails a day (UTC).")
    warmup: dt.date | None = Field(
        None, description="First day of a new sending address: 200 mails a day, growing to 200,000 in 42 days."
    )
    weight: float = Field(1.0, gt=0, le=1000, description="Its share of the mail where there are several.")

    @model_validator(mode="after")
    def _one_password(self) -> Self:
        if self.password.get_secret_value() and self.password_file is not None:
            raise ValueError("has both password and password_file; keep one")
        return self


class RelayTable(SmtpTable):
    """``[[relay]]``: a further server that takes our mail, with the settings of ``[smtp]``."""

    name: str = Field(pattern=SLUG, max_length=40, description="Its name, in newsletters and reports.")


class SendingTable(Part):
    """``[sending]``: how mail is carried, whatever server takes it."""

    in_doubt: Literal["hold", "resend"] = Field(
        "hold",
        description='A mail whose last word was lost: "hold" it for `digest edition resolve`, or "resend" it.',
    )
    policy_percent: float = Field(
        10, ge=0, le=100, description="An Edition is paused when more than this share is refused for policy (5.7.x)."
    )


class DomainTable(Part):
    """``[[domain]]``: how much one recipient domain is given."""

    name: Annotated[str, AfterValidator(str.lower)] = Field(
        min_length=1, max_length=255, description="The domain, such as mail.example."
    )
    per_minute: float | None = Field(None, gt=0, description="At most so many mails a minute, by all senders together.")
    per_day: int | None = Field(None, ge=1, description="At most so many mails a day (UTC).")


class DkimTable(Part):
    """``[[dkim]]``: the keys with which the mail of a domain is signed."""

    domain: SigningDomain = Field(description="Mail from addresses at this domain, or below it, is signed.")
    selector: KeySelector = Field(description="The name under which the key's public part stands in DNS.")
    key_file: SecretFile = Field(description="The file of the RSA key, in PEM.")
    ed25519_selector: KeySelector | None = Field(
        None, description="The same for a second signature by an Ed25519 key; few receivers check it yet."
    )
    ed25519_key_file: SecretFile | None = Field(None, description="The file of the Ed25519 key, in PEM.")

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.ed25519_selector is None) != (self.ed25519_key_file is None):
            raise ValueError("has one of ed25519_selector and ed25519_key_file; give both or none")
        if self.ed25519_selector is not None and self.ed25519_selector.lower() == self.selector.lower():
            raise ValueError("has one selector for both keys; give each its own, for each has its own record in DNS")
        return self


class BouncesTable(Part):
    """``[bounces]``: where we learn what has become of mails, and who complains."""

    domain: str = Field(
        "", description="The domain of return paths, whose mail comes to us; without it reports cannot name a mail."
    )
    imap_host: Line = Field("", description="Name of the IMAP server whose mailbox gets the reports.")
    imap_port: int = Field(0, ge=0, le=65535, description='Its port; by default 993 with "tls", else 143.')
    imap_security: Security = Field(
        Security.TLS, description='"tls" (from the first byte), "starttls", or "none" on this machine only.'
    )
    imap_username: Line = Field("", description="User name of the mailbox.")
    imap_password: SecretStr = Field(SecretStr(""), description="Its password; better in a file or the environment.")
    imap_password_file: SecretFile | None = Field(None, description="A file that holds the password of the mailbox.")
    imap_folder: Line = Field("INBOX", min_length=1, description="The folder that is read.")
    imap_after: AfterReading = Field(
        AfterReading.SEEN, description='What is done with read mails: "seen" marks them, "move" or "delete".'
    )
    imap_move_to: Line = Field("Read", min_length=1, description='The folder for read mails, with "move".')
    ses_topic: Line = Field("", description="ARN of the SNS topic through which Amazon SES calls /hooks/ses.")
    sendgrid_public_key: Line = Field("", description="Key that SendGrid shows for the signatures of /hooks/sendgrid.")
    mailgun_signing_key: SecretStr = Field(
        SecretStr(""), description="Key with which Mailgun signs what it sends to /hooks/mailgun."
    )
    mailgun_signing_key_file: SecretFile | None = Field(None, description="A file that holds that key.")
    postmark_username: Line = Field("", description="User name that you gave Postmark for /hooks/postmark.")
    postmark_password: SecretStr = Field(SecretStr(""), description="Password that you gave Postmark.")
    postmark_password_file: SecretFile | None = Field(None, description="A file that holds that password.")

    @field_validator("domain")
    @classmethod
    def _domain(cls, value: str) -> str:
        if value and (not value.isascii() or not _DOMAIN.fullmatch(value)):
            raise ValueError("is no domain; give one such as bounce.example.org, in ASCII letters")
        return value.lower()

    @field_validator("sendgrid_public_key")
    @classmethod
    def _public_key(cls, value: str) -> str:
        try:
            base64.b64decode(value, validate=True)
        except ValueError:
            raise ValueError("is no key; copy the line of letters that SendGrid shows") from None
        return value

    @field_validator("ses_topic")
    @classmethod
    def _topic(cls, value: str) -> str:
        if value and not value.startswith("arn:aws"):
            raise ValueError("is no topic; give one such as arn:aws:sns:eu-central-1:123456789012:bounces")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for name in ("imap_password", "mailgun_signing_key", "postmark_password"):
            if getattr(self, name).get_secret_value() and getattr(self, f"{name}_file") is not None:
                raise ValueError(f"has both {name} and {name}_file; keep one")
        if self.imap_security is Security.NONE and self.imap_host and not _is_loopback(self.imap_host):
            raise ValueError('has imap_security "none" for another machine; use "tls" or "starttls"')
        if bool(self.postmark_username) != bool(self.secret("postmark_password")):
            raise ValueError("needs both postmark_username and postmark_password, or neither")
        return self

    def secret(self, name: str) -> str:
        """Return the secret called *name*, from wherever it is given; empty when there is none."""
        file: Path | None = getattr(self, f"{name}_file")
        if file is not None:
            return file.read_text(encoding="utf-8").strip()
        given: SecretStr = getattr(self, name)
        return given.get_secret_value()


class ReadersTable(Part):
    """``[readers]``: who may sign up, and how long their data are kept."""

    refused_domains: DomainsFile | None = Field(
        None,
        description="A file of mail domains, one on each line, at which nobody signs up: a list of disposable ones.",
    )
    ask_dns: bool = Field(False, description="At sign-up, ask DNS whether the domain of the address takes mail.")
    unconfirmed_days: int = Field(
        14, ge=7, le=365, description="After so many days a sign-up that nobody confirmed is deleted."
    )
    ended_days: int = Field(
        365, ge=0, description="So many days after leaving the last newsletter a reader is erased; 0 keeps them."
    )
    notices_days: int = Field(
        30, ge=1, le=3650, description="After so many days single mails that were sent are deleted."
    )
    evidence_days: int = Field(
        0, ge=0, description="So many days after the last event the ledger of an erased reader is deleted; 0 keeps it."
    )


class GatherTable(Part):
    """``[gather]``: how we ask sources."""

    contact: str = Field("", description="A web or mail address told to the sites we read, so that they can reach you.")
    allow_networks: tuple[str, ...] = Field(
        (), description="Private networks that sources may live in, such as 10.0.0.0/8; all others are refused."
    )

    @field_validator("allow_networks", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return _as_list(value)

    @field_validator("allow_networks")
    @classmethod
    def _networks(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return _only_networks(value)


class LogTable(Part):
    """``[log]``: what is told on standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="The least that is told.")
    format: Literal["text", "json"] = Field("text", description="For people, or for machines.")


class SectionTable(Part):
    """``[[newsletter.section]]``: a category, when its title or quota shall differ from the default."""

    title: Line = Field(min_length=1, max_length=60, description="Its name in the mail.")
    slug: str | None = Field(
        None, pattern=SLUG, max_length=40, description="Its short name in links; made from the title by default."
    )
    stories: int = Field(6, ge=1, le=50, description="How many stories it may hold.")


class SelectorsTable(Part):
    """``[newsletter.source.selectors]``: CSS selectors for a site whose pages the general rules misread."""

    links: Selector = Field("", description="Finds the article links of the page; found by themselves by default.")
    title: Selector = Field("", description="Finds the headline of an article.")
    body: Selector = Field("", description="Finds the element around the text of an article.")
    authors: Selector = Field("", description="Finds the names of the writers, one each.")
    published: Selector = Field("", description="Finds the date of an article.")
    image: Selector = Field("", description="Finds the picture of an article.")
    remove: Selector = Field("", description="Finds what is taken out of an article's page before all else.")


class SourceTable(Part):
    """``[[newsletter.source]]``: a feed, a news sitemap, a page that lists articles, or a folder."""

    feed: Web | None = Field(None, description="Address of an RSS, Atom or JSON feed.")
    sitemap: Web | None = Field(None, description="Address of a news sitemap, or of an index of sitemaps.")
    page: Web | None = Field(None, description="Address of a page that links to articles.")
    folder: Folder | None = Field(
        None, description="A folder of feeds, HTML pages and plain-text dumps; relative to config.toml."
    )
    section: Line = Field(min_length=1, description="Title or slug of the section that its articles belong to.")
    name: Line = Field("", max_length=80, description="Its name as shown to readers; by default the host of each link.")
    weight: float = Field(1.0, gt=0, le=10, description="How much its word counts, 1 being usual.")
    language: str | None = Field(None, pattern=LANGUAGE, description="Its language, when that is known.")
    labels: dict[str, Line] = Field(
        {}, description='Moves what the publisher labels so to another section: { "Markets" = "Business" }.'
    )
    full_text: bool = Field(
        False, description="Read the page of each new article too; sitemaps and pages that list articles always do."
    )
    selectors: SelectorsTable = Field(
        SelectorsTable(), description="CSS selectors for a site whose pages the general rules misread."
    )

    @model_validator(mode="after")
    def _one_address(self) -> Self:
        if len(self._addresses) != 1:
            raise ValueError("needs exactly one of feed, sitemap, page and folder")
        return self

    @property
    def _addresses(self) -> dict[SourceKind, str | Path]:
        given = {
            SourceKind.FEED: self.feed,
            SourceKind.SITEMAP: self.sitemap,
            SourceKind.PAGE: self.page,
            SourceKind.FOLDER: self.folder,
        }
        return {kind: address for kind, address in given.items() if address is not None}

    @property
    def kind(self) -> SourceKind:
        """How it is read."""
        return next(iter(self._addresses))

    @property
    def address(self) -> str:
        """Its address, or the absolute path of its folder."""
        return str(self._addresses[self.kind])


class WeightsTable(Part):
    """``[newsletter.weights]``: what makes a story matter."""

    coverage: float = Field(1.0, ge=0, le=100, description="Weight of how many publishers tell it.")
    source: float = Field(0.5, ge=0, le=100, description="Weight of its best source's own weight.")
    velocity: float = Field(0.25, ge=0, le=100, description="Weight of how many articles came in the last three hours.")
    title: float = Field(0.25, ge=0, le=100, description="Weight of a good headline.")
    summary: float = Field(0.25, ge=0, le=100, description="Weight of a summary worth printing, and of a picture.")
    half_life_hours: float = Field(24.0, gt=0, le=720, description="After so many hours a story counts half.")
    same_story: float | None = Field(
        None, gt=0, lt=1, description="How alike articles of a story must be, 0.24 by default; more keeps more apart."
    )
    per_source: int = Field(
        2, ge=1, le=50, description="While others wait, one publisher leads at most so many stories of a section."
    )


class LookTable(Part):
    """``[newsletter.look]``: theme, pictures, colours, logo and fonts of the mail."""

    theme: Theme = Field(
        Theme.CLASSIC, description='"classic", "compact" (many headlines, no pictures) or "magazine" (large pictures).'
    )
    images: Images = Field(
        Images.PROXY,
        description='"proxy": fetched once and served from here. "link": from their publishers. "none": no pictures.',
    )
    accent: str = Field("#a4262c", pattern=COLOUR, description="The colour of labels by day.")
    accent_dark: str = Field("#ff9a8f", pattern=COLOUR, description="The same by night.")
    link: str = Field("#1f4e79", pattern=COLOUR, description="The colour of links in running text by day.")
    link_dark: str = Field("#9cc7f2", pattern=COLOUR, description="The same by night.")
    canvas: str = Field("#f4f2ee", pattern=COLOUR, description="The colour around the paper by day.")
    canvas_dark: str = Field("#121211", pattern=COLOUR, description="The same by night.")
    logo: str | None = Field(None, pattern=WEB, description="Address of a logo.")
    logo_width: int = Field(40, ge=16, le=552, description="Its width in pixels, as shown.")
    logo_height: int = Field(40, ge=16, le=160, description="Its height in pixels, as shown.")
    logo_is_title: bool = Field(False, description="The logo spells the title, and stands in its place.")
    headline_font: str = Field(
        "",
        pattern=FONTS,
        max_length=120,
        description="Fonts of headlines, in the order of preference: Palatino, serif.",
    )
    text_font: str = Field("", pattern=FONTS, max_length=120, description="Fonts of everything else.")


class NewsletterTable(Part):
    """``[[newsletter]]``: one standing product."""

    slug: str = Field(
        pattern=SLUG, max_length=40, description="Its short name, in links and commands; never change it."
    )
    title: Line = Field(min_length=1, max_length=80, description="Its name.")
    sender: MailboxText = Field(description='Who it is from: "The Daily <daily@news.example.org>".')
    reply_to: MailboxText | None = Field(None, description="Where answers go; by default to the sender.")
    postal_address: str = Field("", max_length=300, description="Your postal address, as the law asks in each mail.")
    description: str = Field("", max_length=300, description="One sentence for the sign-up page.")
    language: Annotated[str, AfterValidator(_language)] = Field(
        "en", pattern=LOCALE, description='The language of its words and dates: "en", "en-GB", "fr".'
    )
    at: Hour = Field(dt.time(7, 0), description="The local hour at which it is delivered.")
    zone: Zone = Field(ZoneInfo("UTC"), description="The time zone of that hour, and of readers who named none.")
    cadences: tuple[Literal[Cadence.DAILY, Cadence.WEEKLY], ...] = Field(
        (Cadence.DAILY,), min_length=1, description='Which Editions there are: "daily", "weekly" or both.'
    )
    weekly_day: Weekday = Field(6, description="The day of the weekly Edition.", validate_default=False)
    review_minutes: int = Field(60, ge=0, le=1440, description="How long before delivery the Draft is made.")
    reminder_minutes: int = Field(
        15, ge=0, le=1440, description="How long before delivery editors are reminded of what needs them; 0: never."
    )
    catch_up_daily_hours: float = Field(6, ge=0, le=24, description="How late a daily Edition may still go out.")
    catch_up_weekly_hours: float = Field(48, ge=0, le=168, description="How late a weekly Edition may still go out.")
    approval: Approval = Field(
        Approval.AUTO, description='"auto": goes out unless held. "required": waits for an editor.'
    )
    editors: tuple[MailboxText, ...] = Field((), description="Who is told when a Draft is ready or held.")
    relays: tuple[str, ...] = Field((), description='Through which servers it goes: "main" is [smtp]; all by default.')
    spread_minutes: int = Field(
        0, ge=0, le=240, description="Over how many minutes from its hour a delivery is spread, to start quietly."
    )
    minimum_stories: int = Field(3, ge=1, le=100, description="With fewer stories the Edition is skipped.")
    max_age_days: float = Field(7, gt=0, le=365, description="Articles published longer ago are never news.")
    coverage_floor: float = Field(
        0.5, ge=0, le=1, description="The share of sources that must have answered; below it the Edition is held."
    )
    embeddings: bool = Field(
        False, description="Group stories by what English headlines mean too; needs the extra [embeddings]."
    )
    keep_tracking: bool = Field(
        False, description="Leave parameters with which others follow readers, such as utm_source, in the links."
    )
    text_flowed: bool = Field(
        False, description="Mark the text part as format=flowed (RFC 3676), so that phones may break its lines anew."
    )
    templates: Folder | None = Field(None, description="A folder with your own copies of mail templates.")
    look: LookTable = Field(LookTable(), description="Theme, pictures, colours, logo and fonts.")
    weights: WeightsTable = Field(WeightsTable(), description="What makes a story matter.")
    section: tuple[SectionTable, ...] = Field((), description="Sections, where order or quota shall be set.")
    source: tuple[SourceTable, ...] = Field(min_length=1, description="Where its articles come from.")

    @field_validator("cadences")
    @classmethod
    def _once_each(cls, value: tuple[Cadence, ...]) -> tuple[Cadence, ...]:
        return tuple(dict.fromkeys(value))


Raw = dict[str, Any]
