"""The acts of providers' hooks: prove who calls, read what is told, record it. Nothing unproven has any effect."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from urllib.parse import urlsplit

from digest import returns
from digest.deliver.hooks import Forged, Told, mailgun, postmark, sendgrid, sns
from digest.http import Response
from digest.logs import logger
from digest.services import Services

log = logger(__name__)

#: SNS sends at most 256 kB, SendGrid batches of up to a megabyte.
LONGEST_BODY = 2_000_000
#: Amazon changes its certificate about once a year.
_MOST_CERTIFICATES = 20


@dataclass(frozen=True, slots=True)
class Hooks:
    """What this process remembers of calls: Amazon's certificates, and Mailgun's tokens that are used up."""

    certificates: dict[str, bytes] = field(default_factory=dict)
    tokens: mailgun.UsedTokens = field(default_factory=mailgun.UsedTokens)
    lock: Lock = field(default_factory=Lock)


def is_open(services: Services, provider: str) -> bool:
    """Return whether the settings hold what proves a call of *provider*."""
    keys = services.settings.bounces.hooks
    return {
        "ses": bool(keys.ses_topic),
        "sendgrid": bool(keys.sendgrid_public_key),
        "mailgun": bool(keys.mailgun_signing_key),
        "postmark": bool(keys.postmark_username and keys.postmark_password),
    }.get(provider, False)


def take(services: Services, hooks: Hooks, provider: str, body: bytes, headers: Mapping[str, str]) -> Sequence[str]:
    """
    Record what *provider* tells in *body*, and return what each report came to, in one word.

    Forged and Unreadable change nothing. FetchFailed when Amazon's certificate cannot be had: to be tried again.
    """
    now, keys = services.clock.now(), services.settings.bounces.hooks
    if provider == "ses":
        answer = sns.read(body, topic=keys.ses_topic, now=now, fetch=lambda url: _certificate(services, hooks, url))
        if isinstance(answer, sns.Confirm):
            _fetched(services, answer.url)
            log.info("subscription of a topic confirmed")
            return ["confirmed"]
        return _recorded(services, provider, answer)
    if provider == "sendgrid":
        prefix = "x-twilio-email-event-webhook-"
        signature, timestamp = headers.get(f"{prefix}signature", ""), headers.get(f"{prefix}timestamp", "")
        told = sendgrid.read(body, signature=signature, timestamp=timestamp, public_key=keys.sendgrid_public_key)
        return _recorded(services, provider, told)
    if provider == "mailgun":
        token = mailgun.token_of(body, signing_key=keys.mailgun_signing_key, now=now)
        if hooks.tokens.is_used(token):
            return ["repeated"]
        words = _recorded(services, provider, mailgun.read(body))
        hooks.tokens.use(token, now)
        return words
    postmark.verify(headers.get("authorization", ""), username=keys.postmark_username, password=keys.postmark_password)
    return _recorded(services, provider, postmark.read(body))


def _recorded(services: Services, provider: str, told: Sequence[Told]) -> list[str]:
    with services.session() as session:
        words = [returns.record(services, session, one.report, at=one.at).word for one in told]
    log.info("hook called", provider=provider, reports=len(words))
    return words


def _certificate(services: Services, hooks: Hooks, url: str) -> bytes:
    with hooks.lock:
        known = hooks.certificates.get(url)
    if known is not None:
        return known
    answer = _fetched(services, url)
    with hooks.lock:
        if len(hooks.certificates) >= _MOST_CERTIFICATES:
            hooks.certificates.clear()
        hooks.certificates[url] = answer.body
    return answer.body


def _fetched(services: Services, url: str) -> Response:
    """Return what Amazon answers at *url*; Forged when it leads anywhere else."""

    async def ask() -> Response:
        async with services.web_client() as client:
            return await client.get(url)

    answer = asyncio.run(ask())
    if urlsplit(answer.url).hostname != urlsplit(url).hostname:
        raise Forged("an address of the message leads away from SNS")
    return answer
