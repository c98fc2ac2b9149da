"""How a reader changes what they asked for: sections, cadence, hour, time zone."""

import functools
import re
import zoneinfo
from dataclasses import dataclass
from datetime import datetime, time

from sqlalchemy.orm import Session

from subscribers import consent
from subscribers.cadence import Cadence
from subscribers.consent import Evidence
from subscribers.errors import BadWish, WrongState
from subscribers.model import LIVE, ConsentKind, Subscription

_SLUG = re.compile(r"[A-Za-z0-9_-]{1,100}")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """
    Everything that a reader may choose for one Subscription.

    *sections* is None for all, *hour* None for the newsletter's. *time_zone* is an IANA name, *language* a BCP 47 tag;
    both belong to the person, and so hold for all their newsletters. BadWish names the value that cannot be.
    """

    sections: tuple[str, ...] | None
    cadence: Cadence
    hour: time | None
    time_zone: str
    language: str

    def __post_init__(self) -> None:
        """Refuse what cannot be, and let each section be named once."""
        if self.sections is not None and (not self.sections or not all(map(_SLUG.fullmatch, self.sections))):
            raise BadWish("sections", "are none or misspelt; choose at least one, or leave the newsletter")
        if self.hour is not None and (self.hour.tzinfo or self.hour.second or self.hour.microsecond):
            raise BadWish("hour", f"{self.hour} is no local hour and minute; give one such as 07:30")
        if self.time_zone not in _time_zones():
            raise BadWish("time zone", "is unknown; give one such as Europe/Paris")
        if not _LANGUAGE.fullmatch(self.language):
            raise BadWish("language", "is no language tag; give one such as en or pt-BR")
        if self.sections is not None:
            object.__setattr__(self, "sections", tuple(dict.fromkeys(self.sections)))


def of(subscription: Subscription) -> Wishes:
    """Return what *subscription* asks for at present."""
    return Wishes(
        sections=subscription.sections,
        cadence=subscription.cadence,
        hour=subscription.hour,
        time_zone=subscription.subscriber.time_zone,
        language=subscription.subscriber.language,
    )


def choose(session: Session, public_id: str, wanted: Wishes, evidence: Evidence, *, now: datetime) -> Subscription:
    """
    Let the Subscription called *public_id* ask for *wanted*, and write down that its reader said so.

    A wish that changes nothing leaves no trace. WrongState when the Subscription is not confirmed or has ended;
    UnknownSubscriber when it does not exist.
    """
    subscription = Subscription.by_public_id(session, public_id, for_update=True)
    if subscription.state not in LIVE:
        raise WrongState(f"{subscription} is {subscription.state}; only a confirmed one can be changed")
    if wanted == of(subscription):
        return subscription
    subscription.sections, subscription.cadence, subscription.hour = wanted.sections, wanted.cadence, wanted.hour
    subscription.subscriber.time_zone, subscription.subscriber.language = wanted.time_zone, wanted.language
    consent.record(session, subscription, ConsentKind.CHANGED, evidence, at=now)
    session.flush()
    return subscription


@functools.cache
def _time_zones() -> frozenset[str]:
    # Two names of the database stand for no place and no fixed time.
    return frozenset(zoneinfo.available_timezones() - {"localtime", "Factory"})
