"""Relay profiles: which headers a provider rewrites, and in which it carries our token back to us."""

import json
from collections.abc import Mapping
from types import MappingProxyType

from digest.model.relay import Profile

#: The name under which providers keep our token with a mail.
METADATA = "digest_id"

#: Headers, in lower case, that do not arrive as we wrote them. Amazon SES documents that it overrides Message-ID and
#: Date and puts its own Return-Path; SendGrid and Postmark give each mail a Message-ID of their own, Postmark keeping
#: ours only where X-PM-KeepID asks for it; a Return-Path belongs to whoever delivers the mail.
REWRITTEN: Mapping[Profile, frozenset[str]] = MappingProxyType(
    {
        Profile.NONE: frozenset(),
        Profile.SES: frozenset({"date", "message-id", "return-path"}),
        Profile.SENDGRID: frozenset({"message-id", "return-path", "x-smtpapi"}),
        Profile.MAILGUN: frozenset({"return-path", "x-mailgun-variables"}),
        Profile.POSTMARK: frozenset({"message-id", "return-path", "x-pm-metadata-digest-id"}),
    }
)


def id_headers(profile: Profile, token: str) -> tuple[str, ...]:
    """
    Return the header lines, without line ends, with which the provider gets *token*, and gives it back in its reports.

    Amazon SES needs none: its notifications hold the headers of the mail, and with them our own X-Digest-ID.
    """
    match profile:
        case Profile.SENDGRID:
            return (f"X-SMTPAPI: {json.dumps({'unique_args': {METADATA: token}})}",)
        case Profile.MAILGUN:
            return (f"X-Mailgun-Variables: {json.dumps({METADATA: token})}",)
        case Profile.POSTMARK:
            return (f"X-PM-Metadata-{METADATA.replace('_', '-')}: {token}",)
        case Profile.NONE | Profile.SES:
            return ()
