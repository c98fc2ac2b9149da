"""Whose export a file is, told by its headings, and what they call our fields."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from subscribers.model import SuppressionReason


class Format(StrEnum):
    """Where a file comes from."""

    #: Somebody's own table: the headings say what they hold.
    TABLE = "table"
    #: `digest subscriber export`.
    DIGEST = "digest"
    #: The export of a listmonk list.
    LISTMONK = "listmonk"
    #: The export of a Mailchimp audience: one file each of subscribed, unsubscribed and cleaned contacts.
    MAILCHIMP = "mailchimp"
    #: The export of the subscribers of a Substack.
    SUBSTACK = "substack"
    #: The export of the members of a Ghost site.
    GHOST = "ghost"
    #: The export of the subscribers of a Buttondown newsletter.
    BUTTONDOWN = "buttondown"


#: Said in place of a field where a column is to be left alone.
IGNORED = "-"
#: The fields that an operator may name, and what people call them, in lower case with single blanks.
HEADINGS: Mapping[str, frozenset[str]] = {
    "address": frozenset({"address", "email", "e-mail", "email address", "e-mail address", "mail"}),
    "name": frozenset({"name", "full name", "display name"}),
    "first_name": frozenset({"first name", "firstname", "fname", "given name"}),
    "last_name": frozenset({"last name", "lastname", "lname", "surname", "family name"}),
    "language": frozenset({"language", "lang", "locale"}),
    "time_zone": frozenset({"time zone", "timezone", "tz"}),
    "sections": frozenset({"sections", "section", "categories"}),
    "cadence": frozenset({"cadence", "frequency"}),
    "hour": frozenset({"hour", "time", "delivery hour"}),
    "status": frozenset({"status", "subscription status", "subscriber status", "email status"}),
    "wanted": frozenset({"opt-in", "opt in", "opted in", "accepts marketing", "accepts email marketing"}),
    "left": frozenset(
        {
            *("left", "unsubscribed", "unsubscribed at", "unsubscribe date", "unsubscribed date", "unsub time"),
            *(
                "opt-out",
                "opt out",
                "opted out",
                "opted out at",
                "bounced",
                "bounced at",
                "complained",
                "complained at",
            ),
            *("blacklisted", "email blacklisted", "blocklisted", "email blocklisted", "suppressed"),
        }
    ),
    "opted_at": frozenset({"opted in at", "opt-in time", "opt in time", "optin time", "consent time", "consent date"}),
    "opted_from": frozenset({"opt-in ip", "opt in ip", "optin ip", "consent ip"}),
}
FIELDS = tuple(HEADINGS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """
    How one program writes its export.

    A file that has all headings of one of *signs* is one. *calls* says what further headings hold: one of FIELDS, or a
    fact that only exports tell. Where the file has one of the headings of *gone*, everybody in it has left, for that
    reason.
    """

    format: Format
    signs: tuple[frozenset[str], ...]
    calls: Mapping[str, str]
    gone: Mapping[str, SuppressionReason] = field(default_factory=dict)


_EXPORTS = (
    Export(
        format=Format.DIGEST,
        signs=(frozenset({"address", "state", "confirmed at"}),),
        calls={
            "state": "status",
            "suppressed": "suppressed",
            "paused until": "paused_until",
            "confirmed at": "confirmed_at",
            "ended at": "left_at",
        },
    ),
    Export(
        format=Format.LISTMONK,
        signs=(frozenset({"uuid", "email", "attributes", "status"}),),
        calls={"created at": "listed_at", "updated at": "left_at"},
    ),
    Export(
        format=Format.MAILCHIMP,
        signs=(frozenset({"email address", "member rating"}), frozenset({"email address", "optin time", "leid"})),
        calls={
            "optin time": "opted_at",
            "optin ip": "opted_from",
            "confirm time": "confirmed_at",
            "confirm ip": "confirmed_from",
            "unsub time": "left_at",
            "clean time": "left_at",
        },
        gone={
            "clean time": SuppressionReason.HARD_BOUNCE,
            "clean campaign title": SuppressionReason.HARD_BOUNCE,
            "unsub time": SuppressionReason.UNSUBSCRIBED,
            "unsub campaign title": SuppressionReason.UNSUBSCRIBED,
            "unsub reason": SuppressionReason.UNSUBSCRIBED,
        },
    ),
    Export(
        format=Format.GHOST,
        signs=(frozenset({"email", "subscribed to emails"}),),
        calls={"subscribed to emails": "wanted", "deleted at": "deleted_at", "created at": "listed_at"},
    ),
    Export(
        format=Format.SUBSTACK,
        signs=(
            frozenset({"email", "email disabled"}),
            frozenset({"email", "active subscription", "expiry"}),
            # The table of the dashboard, which holds readers only. Its sections are those of Substack.
            frozenset({"email", "stripe plan", "start date"}),
            frozenset({"email", "emails received (6mo)"}),
        ),
        calls={"email disabled": "left", "created at": "listed_at", "start date": "listed_at", "sections": IGNORED},
    ),
    Export(
        format=Format.BUTTONDOWN,
        signs=(frozenset({"creation date", "secondary id", "type"}), frozenset({"creation date", "tags", "type"})),
        calls={"type": "status", "creation date": "listed_at"},
    ),
)
_TABLE = Export(format=Format.TABLE, signs=(frozenset(),), calls={})


def plain(heading: str) -> str:
    """Return *heading* as it is compared: in lower case, its words apart by one blank."""
    return " ".join(heading.lower().replace("_", " ").split())


def recognise(headings: Collection[str]) -> Export:
    """Return whose export has these plain *headings*."""
    return next(export for export in (*_EXPORTS, _TABLE) if any(map(frozenset(headings).issuperset, export.signs)))
