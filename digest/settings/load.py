"""From the file and the environment to Settings."""

import ipaddress
import os
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from email.utils import parseaddr
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from digest.errors import SettingsError, UnknownNewsletter
from digest.model.bounces import Bounces, HookKeys, ReportBox
from digest.model.dkim import DkimKey
from digest.model.keeping import Admission, Keeping
from digest.model.look import Logo, Look
from digest.model.newsletter import (
    Newsletter,
    RankingWeights,
    Schedule,
    SectionPlan,
    Selectors,
    Sender,
    SourcePlan,
)
from digest.model.relay import MAIN, Limits, Relay, Security
from digest.settings import domain_list, twice, variables
from digest.settings.faults import in_words
from digest.settings.shape import (
    HOME,
    BouncesTable,
    DatabaseTable,
    DkimTable,
    DomainTable,
    GatherTable,
    LogTable,
    LookTable,
    NewsletterTable,
    Raw,
    ReadersTable,
    RelayTable,
    SendingTable,
    SiteTable,
    SmtpTable,
    SourceTable,
)
from digest.settings.twice import slugify

#: What may stand in the file, in a file of its own or in the environment.
_SECRETS = (
    ("smtp", "password"),
    ("bounces", "imap_password"),
    ("bounces", "mailgun_signing_key"),
    ("bounces", "postmark_password"),
)
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that an operator decides, checked."""

    base_url: str
    host: str
    port: int
    state: Path
    database_url: str
    relays: tuple[Relay, ...]
    newsletters: tuple[Newsletter, ...]
    #: Who is told when a Draft is ready or held, by newsletter.
    editors: Mapping[str, tuple[str, ...]]
    #: With which keys mail is signed; what none covers is left to the relay.
    dkim: tuple[DkimKey, ...] = ()
    bounces: Bounces = field(default_factory=Bounces)
    admission: Admission = field(default_factory=Admission)
    keeping: Keeping = field(default_factory=Keeping)
    contact: str = ""
    #: Limits of recipient domains.
    domains: Mapping[str, Limits] = field(default_factory=dict)
    #: Whether a mail in doubt is sent again rather than held.
    resends_doubt: bool = False
    #: Above this share of refusals for policy, an Edition is paused.
    policy_share: float = 0.1
    allow_networks: tuple[Network, ...] = ()
    #: Proxies that are believed about whom they speak for, besides this machine.
    trusted_proxies: tuple[Network, ...] = ()
    log_level: str = "info"
    log_format: Literal["text", "json"] = "text"
    insecure_http: bool = False
    requires_second_factor: bool = False
    #: How long the audit trail is kept; None is for ever.
    audit: timedelta | None = timedelta(days=365)

    @property
    def is_local(self) -> bool:
        """Return whether the pages are only for this machine: then addresses such as ana@reader.example may join."""
        host = urlsplit(self.base_url).hostname or ""
        return host == "localhost" or host.endswith(".localhost") or host.startswith("127.") or host == "::1"

    def newsletter(self, slug: str) -> Newsletter:
        """Return the Newsletter called *slug*; UnknownNewsletter names those that exist."""
        for newsletter in self.newsletters:
            if newsletter.slug == slug:
                return newsletter
        known = ", ".join(n.slug for n in self.newsletters) or "none"
        raise UnknownNewsletter(f'there is no newsletter "{slug}"; config.toml defines: {known}')


class _File(BaseSettings):
    """config.toml as a whole; a variable such as DIGEST__SMTP__PASSWORD wins over it."""

    model_config = SettingsConfigDict(
        env_prefix=variables.PREFIX,
        env_nested_delimiter="__",
        enable_decoding=False,
        extra="forbid",
        frozen=True,
        arbitrary_types_allowed=True,
    )

    site: SiteTable = SiteTable()
    database: DatabaseTable = DatabaseTable()
    smtp: SmtpTable | None = None
    relay: tuple[RelayTable, ...] = ()
    domain: tuple[DomainTable, ...] = ()
    sending: SendingTable = SendingTable()
    bounces: BouncesTable = BouncesTable()
    readers: ReadersTable = ReadersTable()
    gather: GatherTable = GatherTable()
    log: LogTable = LogTable()
    dkim: tuple[DkimTable, ...] = ()
    newsletter: tuple[NewsletterTable, ...] = Field(min_length=1)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 (pydantic-settings' signature)
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 (as above)
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 (as above)
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Put the environment before the file, and leave everything else out."""
        return env_settings, init_settings


def load(path: Path) -> Settings:
    """Read *path* and the environment; SettingsError holds all faults at once, and nothing has been started."""
    raw, names = _read(path), variables.given(os.environ)
    _give_way(raw, names)
    home = path.resolve().parent
    faults = variables.faults(names, _File.model_fields.keys() - {"newsletter", "relay", "domain", "dkim"})
    before = HOME.set(home)
    try:
        file = _File(**raw)
    except ValidationError as fault:
        faults += in_words(fault, path.name, names)
    finally:
        HOME.reset(before)
    faults += [f"{path.name}: {fault}" for fault in twice.faults(raw)]
    if not faults:
        faults = [f"{path.name}: {fault}" for fault in _of_relays(file)]
    if faults:
        raise SettingsError(faults)
    state = home / file.site.state.expanduser()
    host, _, port = file.site.listen.rpartition(":")
    return Settings(
        base_url=file.site.base_url,
        host=host,
        port=int(port),
        state=state,
        database_url=_database_url(file.database, state, home),
        relays=tuple(_relay(table) for table in _servers(file)),
        domains={
            table.name: Limits(rate=_rate(table.per_minute), burst=_burst(table.per_minute), per_day=table.per_day)
            for table in file.domain
        },
        resends_doubt=file.sending.in_doubt == "resend",
        policy_share=file.sending.policy_percent / 100,
        newsletters=tuple(_newsletter(table) for table in file.newsletter),
        editors={table.slug: tuple(parseaddr(e)[1] for e in table.editors) for table in file.newsletter},
        dkim=tuple(_dkim_key(table) for table in file.dkim),
        bounces=_bounces(file.bounces),
        admission=_admission(file.readers),
        keeping=_keeping(file.readers),
        contact=file.gather.contact,
        allow_networks=tuple(ipaddress.ip_network(text) for text in file.gather.allow_networks),
        trusted_proxies=tuple(ipaddress.ip_network(text) for text in file.site.trusted_proxies),
        log_level=file.log.level,
        log_format=file.log.format,
        insecure_http=file.site.insecure_http,
        requires_second_factor=file.site.staff_second_factor == "required",
        audit=timedelta(days=file.site.audit_days) if file.site.audit_days else None,
    )


def _give_way(raw: Raw, names: Collection[str]) -> None:
    """Take a secret out of *raw* where the environment gives it in the other way: that wins over the file."""
    for table, secret in _SECRETS:
        found = raw.get(table)
        for given, rival in ((secret, f"{secret}_file"), (f"{secret}_file", secret)):
            if isinstance(found, dict) and variables.name_of((table, given)) in names:
                found.pop(rival, None)


def _read(path: Path) -> Raw:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(
            [f"{path} does not exist; make one with `digest init DIR`, or name yours with --config"]
        ) from None
    except OSError as fault:
        raise SettingsError([f"{path} cannot be read: {fault.strerror}; check its permissions"]) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as fault:
        raise SettingsError([f"{path.name}: is not valid TOML: {fault}; mend that line"]) from None


def _database_url(table: DatabaseTable, state: Path, home: Path) -> str:
    if table.url is None:
        return f"sqlite:///{state / 'digest.db'}"
    url = table.url.get_secret_value()
    relative = re.fullmatch(r"sqlite:///(?!/)(.+)", url)
    return f"sqlite:///{home / relative[1]}" if relative else url


def _servers(file: _File) -> tuple[SmtpTable, ...]:
    """Return the servers that are named; [smtp] by its defaults where there is none."""
    main = (file.smtp or SmtpTable(),) if file.smtp is not None or not file.relay else ()
    return (*main, *file.relay)


def _of_relays(file: _File) -> Iterator[str]:
    """Tell which names of servers stand twice, and which newsletters name servers that there are not."""
    names = [_relay_name(table) for table in _servers(file)]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f'[[relay]] name "{name}" stands twice; give each its own ("main" is [smtp])'
    for table in file.newsletter:
        for name in table.relays:
            if name not in names:
                yield f'newsletter "{table.slug}": relays names "{name}"; there are: {", ".join(names)}'


def _relay_name(table: SmtpTable) -> str:
    return table.name if isinstance(table, RelayTable) else MAIN


def _relay(table: SmtpTable) -> Relay:
    return Relay(
        name=_relay_name(table),
        host=table.host,
        port=table.port,
        profile=table.profile,
        protocol=table.protocol,
        security=table.security,
        username=table.username,
        password=table.password.get_secret_value(),
        password_file=table.password_file,
        mechanism=table.auth,
        verify=table.verify,
        conduct=table.pipelining,
        timeout=timedelta(seconds=table.timeout_seconds),
        connections=table.connections,
        per_connection=table.per_connection,
        weight=table.weight,
        limits=Limits(
            rate=_rate(table.per_minute),
            burst=_burst(table.per_minute),
            per_day=table.per_day,
            warmup=table.warmup,
        ),
    )


def _rate(per_minute: float | None) -> float | None:
    return None if per_minute is None else per_minute / 60


def _burst(per_minute: float | None) -> int:
    """Return how many mails may go at once: those of a second."""
    return max(1, round((per_minute or 0) / 60))


def _dkim_key(table: DkimTable) -> DkimKey:
    return DkimKey(
        domain=table.domain,
        selector=table.selector,
        key_file=table.key_file,
        ed25519_selector=table.ed25519_selector or "",
        ed25519_key_file=table.ed25519_key_file,
    )


def _bounces(table: BouncesTable) -> Bounces:
    box = None
    if table.imap_host:
        box = ReportBox(
            host=table.imap_host,
            port=table.imap_port or (993 if table.imap_security is Security.TLS else 143),
            security=table.imap_security,
            username=table.imap_username,
            password=table.secret("imap_password"),
            folder=table.imap_folder,
            after=table.imap_after,
            move_to=table.imap_move_to,
        )
    hooks = HookKeys(
        ses_topic=table.ses_topic,
        sendgrid_public_key=table.sendgrid_public_key,
        mailgun_signing_key=table.secret("mailgun_signing_key"),
        postmark_username=table.postmark_username,
        postmark_password=table.secret("postmark_password"),
    )
    return Bounces(domain=table.domain, box=box, hooks=hooks)


def _admission(table: ReadersTable) -> Admission:
    refused = domain_list.read(table.refused_domains) if table.refused_domains else frozenset[str]()
    return Admission(refused_domains=refused, asks_dns=table.ask_dns)


def _keeping(table: ReadersTable) -> Keeping:
    def days(number: int) -> timedelta | None:
        return timedelta(days=number) if number else None

    return Keeping(
        unconfirmed=timedelta(days=table.unconfirmed_days),
        ended=days(table.ended_days),
        notices=timedelta(days=table.notices_days),
        evidence=days(table.evidence_days),
    )


def _newsletter(table: NewsletterTable) -> Newsletter:
    name, address = parseaddr(table.sender)
    sections = _sections(table)
    by_name = {key: plan.slug for plan in sections for key in (plan.slug, plan.title.casefold())}
    weights = table.weights
    return Newsletter(
        slug=table.slug,
        title=table.title,
        description=table.description,
        language=table.language,
        sender=Sender(
            name=name or table.title,
            address=address,
            reply_to=parseaddr(table.reply_to)[1] if table.reply_to else None,
            postal_address=table.postal_address,
        ),
        sections=sections,
        sources=tuple(_source(source, by_name) for source in table.source),
        schedule=Schedule(
            at=table.at,
            zone=table.zone,
            cadences=table.cadences,
            weekly_day=table.weekly_day,
            review=timedelta(minutes=table.review_minutes),
            reminder=timedelta(minutes=table.reminder_minutes),
            catch_up_daily=timedelta(hours=table.catch_up_daily_hours),
            catch_up_weekly=timedelta(hours=table.catch_up_weekly_hours),
        ),
        weights=RankingWeights(
            coverage=weights.coverage,
            source=weights.source,
            velocity=weights.velocity,
            title=weights.title,
            summary=weights.summary,
            half_life=timedelta(hours=weights.half_life_hours),
            same_story=weights.same_story or RankingWeights().same_story,
            per_source=weights.per_source,
        ),
        look=_look(table.look),
        approval=table.approval,
        minimum_stories=table.minimum_stories,
        max_age=timedelta(days=table.max_age_days),
        coverage_floor=table.coverage_floor,
        embeddings=table.embeddings,
        keep_tracking=table.keep_tracking,
        text_flowed=table.text_flowed,
        relays=table.relays,
        spread=timedelta(minutes=table.spread_minutes),
        templates=table.templates,
    )


def _look(table: LookTable) -> Look:
    logo = (
        Logo(url=table.logo, width=table.logo_width, height=table.logo_height, is_title=table.logo_is_title)
        if table.logo
        else None
    )
    return Look(logo=logo, **table.model_dump(exclude={"logo", "logo_width", "logo_height", "logo_is_title"}))


def _sections(table: NewsletterTable) -> tuple[SectionPlan, ...]:
    """Return the sections as listed, then those that only sources name, in their order."""
    plans = {
        plan.slug: plan
        for plan in (
            SectionPlan(slug=s.slug or slugify(s.title), title=s.title, stories=s.stories) for s in table.section
        )
    }
    titles = {plan.title.casefold() for plan in plans.values()}
    for name in (name for source in table.source for name in (source.section, *source.labels.values())):
        slug = slugify(name)
        if name not in plans and slug not in plans and name.casefold() not in titles:
            plans[slug] = SectionPlan(slug=slug, title=name)
    return tuple(plans.values())


def _source(table: SourceTable, sections: Mapping[str, str]) -> SourcePlan:
    def section(name: str) -> str:
        return sections.get(name) or sections.get(name.casefold()) or slugify(name)

    return SourcePlan(
        address=table.address,
        kind=table.kind,
        section=section(table.section),
        name=table.name,
        weight=table.weight,
        language=table.language,
        labels={label.casefold(): section(name) for label, name in table.labels.items()},
        full_text=table.full_text,
        selectors=Selectors(**dict(table.selectors)),
    )
