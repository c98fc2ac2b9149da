"""Relay profiles: in which headers a provider carries our token."""

import json

import pytest

from digest.deliver import verp
from digest.deliver.profile import METADATA, REWRITTEN, id_headers
from digest.model.ids import EditionId, SubscriberId
from digest.model.relay import Profile

TOKEN = verp.token((EditionId(42), SubscriberId(7)), secret=b"the secret of message tokens ...")


@pytest.mark.parametrize("profile", [Profile.NONE, Profile.SES])
def test_a_plain_server_and_amazon_need_no_header_of_their_own(profile: Profile) -> None:
    assert id_headers(profile, TOKEN) == ()


def test_sendgrid_and_mailgun_get_the_token_as_json() -> None:
    (sendgrid,), (mailgun,) = id_headers(Profile.SENDGRID, TOKEN), id_headers(Profile.MAILGUN, TOKEN)

    assert json.loads(sendgrid.removeprefix("X-SMTPAPI: ")) == {"unique_args": {METADATA: TOKEN}}
    assert json.loads(mailgun.removeprefix("X-Mailgun-Variables: ")) == {METADATA: TOKEN}


def test_postmark_gets_the_token_as_metadata() -> None:
    assert id_headers(Profile.POSTMARK, TOKEN) == (f"X-PM-Metadata-digest-id: {TOKEN}",)


@pytest.mark.parametrize("profile", list(Profile))
def test_every_profile_says_what_is_rewritten_and_its_lines_fit_a_header(profile: Profile) -> None:
    assert all(name == name.lower() for name in REWRITTEN[profile])
    longest = verp.token((EditionId(2**63 - 1), SubscriberId(2**63 - 1)), secret=b"the secret of message tokens ...")
    assert all(line.isascii() and len(line) <= 998 and "\n" not in line for line in id_headers(profile, longest))
