"""Letters: the exact headers of one Delivery, for each relay, and who gets none."""

import re
from collections.abc import Callable
from dataclasses import replace
from email import message_from_bytes, policy
from hashlib import sha256
from pathlib import Path
from typing import Any

import dkim as oracle
import pytest
from itsdangerous import Signer

from digest import letters, notices
from digest.deliver import dkim_keys, envelope, verp
from digest.deliver.dkim_keys import make_rsa, record
from digest.deliver.transaction import Parcel
from digest.model.delivery import Lease
from digest.model.ids import EditionId, SubscriberId
from digest.model.message import Recipient
from digest.model.notice import NoticeWish
from digest.model.relay import Relay
from digest.services import Services
from digest.store import editions
from digest.store import notices as store
from tests.conftest import MakeServices
from tests.fakes import FixedClock
from tests.flow.walk import approved, drop_news

RELAYS = "".join(
    f'[[relay]]\nname = "{name}"\nprofile = "{name}"\n' for name in ("ses", "sendgrid", "mailgun", "postmark")
)
ANA = Recipient(
    edition_id=EditionId(1),
    subscriber_id=SubscriberId(7),
    public_id="abcdefgh23456",
    address="ana@mail.example",
    name="Ana Pérez",
    time_zone="Europe/Berlin",
)


@pytest.fixture
def given(make_services: MakeServices, sqlite_url: str, clock: FixedClock, tmp_path: Path) -> Callable[..., Services]:
    """Give the function that makes services with an approved Edition, and with *more* settings."""

    def make(more_top: str = "", more: str = "", bounces: str = "bounce.news.example.org") -> Services:
        reports = f'[bounces]\ndomain = "{bounces}"\n' if bounces else ""
        services = make_services(sqlite_url, more_top=f"{reports}{more_top}", more=more)
        drop_news(tmp_path / "news", "aldmere", "corvane", at=clock.now())
        approved(services)
        return services

    return make


def written(services: Services, relay: str = "main", **traits: Any) -> Parcel:
    parcel = letter(services)(replace(ANA, **traits), relay_of(services, relay))
    assert parcel is not None
    return parcel


def letter(services: Services) -> Callable[[Recipient, Relay], Parcel | None]:
    with services.reading() as session:
        edition = editions.get(session, EditionId(1))
        session.refresh(edition, ["rendered_bytes"])
    return letters.digest_letters(services, services.newsletter("morning"), edition)


def relay_of(services: Services, name: str) -> Relay:
    (relay,) = (relay for relay in services.settings.relays if relay.name == name)
    return relay


def lines(parcel: Parcel) -> list[str]:
    """Return the header lines, folded ones joined."""
    head = parcel.message.partition(b"\r\n\r\n")[0].decode()
    return re.sub(r"\r\n ", " ", head).split("\r\n")


def token_of(services: Services) -> str:
    return verp.token((EditionId(1), SubscriberId(7)), secret=services.keys.message)


def signed(services: Services, purpose: str) -> str:
    """Return the token of *purpose* as itsdangerous signs it."""
    salt = f"subscribers.{purpose}"
    signer = Signer(services.keys.tokens.secrets[0], salt=salt, digest_method=sha256, key_derivation="hmac")
    return signer.sign(ANA.public_id).decode()


def test_a_delivery_has_exactly_the_headers_that_are_promised(given: Callable[..., Services]) -> None:
    services = given(more='reply_to = "editors@news.example.org"')
    token = token_of(services)
    key = services.keys.message
    number = envelope.message_id(EditionId(1), SubscriberId(7), key=key, domain="news.example.org")

    parcel = written(services)

    subject = services_subject(services)
    leave = verp.leave_token(ANA.public_id, secret=key)
    way_out = f"<http://127.0.0.1:8025/u/{signed(services, 'unsubscribe')}>"
    found = lines(parcel)
    assert parcel.sender == f"b+{token}@bounce.news.example.org"
    assert parcel.recipient == "ana@mail.example"
    assert not parcel.needs_utf8
    assert found[0] == "From: The Morning <morning@news.example.org>"
    assert found[1] == "Reply-To: editors@news.example.org"
    assert found[2] == "To: =?utf-8?b?QW5hIFDDqXJleg==?= <ana@mail.example>"
    assert found[3] == f"Subject: {subject}"
    assert found[4] == "Date: Mon, 23 Nov 2026 05:00:00 +0000"
    assert found[5] == f"Message-ID: {number}"
    assert found[6] == "MIME-Version: 1.0"
    assert found[7] == "List-Id: The Morning <morning.news.example.org>"
    assert found[8] == "List-Help: <http://127.0.0.1:8025/help>"
    assert found[9] == "List-Owner: <mailto:editors@news.example.org>"
    assert found[10] == "List-Archive: <http://127.0.0.1:8025/archive/morning>"
    assert found[11] == "List-Post: NO"
    assert found[12] == "Feedback-ID: 1:en:daily:morning"
    assert found[13] == (
        f"List-Unsubscribe: <mailto:unsub+{leave}@bounce.news.example.org?subject=unsubscribe>, {way_out}"
    )
    assert found[14] == "List-Unsubscribe-Post: List-Unsubscribe=One-Click"
    assert found[15] == f"CFBL-Address: b+{token}@bounce.news.example.org; report=arf"
    assert found[16] == f"CFBL-Feedback-ID: {token}"
    assert found[17] == f"X-Digest-ID: {token}"
    assert found[18] == f"X-Digest-Edition: morning/daily/2026-11-23; sha256={services_hash(services)}"
    assert found[19] == "Auto-Submitted: auto-generated"
    assert found[20] == "X-Auto-Response-Suppress: DR, RN, NRN, OOF, AutoReply"
    assert found[21] == "Content-Language: en"
    assert re.fullmatch(r'Content-Type: multipart/alternative; boundary="=_[0-9a-f]{32}"', found[22])
    assert len(found) == 23


def services_hash(services: Services) -> str | None:
    with services.reading() as session:
        return editions.get(session, EditionId(1)).rendered_hash


def services_subject(services: Services) -> str:
    with services.reading() as session:
        edition = editions.get(session, EditionId(1))
        session.refresh(edition, ["rendered_bytes"])
        subject: str = edition.rendered.plan(None).subject
    return subject


def test_a_message_id_is_short_and_lasts_for_all_attempts(given: Callable[..., Services]) -> None:
    services = given()

    first, again = written(services), written(services)

    assert first.message == again.message
    assert re.search(rb"^Message-ID: <1\.7\.[a-z2-7]{8}@news\.example\.org>", first.message, re.MULTILINE)


def test_without_a_domain_for_reports_nothing_names_one(given: Callable[..., Services]) -> None:
    services = given(bounces="")

    parcel = written(services)

    found = "\n".join(lines(parcel))
    assert parcel.sender == "morning@news.example.org"
    assert "mailto:unsub" not in found
    assert "CFBL" not in found
    assert f"X-Digest-ID: {token_of(services)}" in found
    assert re.search(r"^List-Unsubscribe: <http://127[^,]*>$", found, re.MULTILINE)
    assert "Reply-To" not in found
    assert "List-Owner: <mailto:morning@news.example.org>" in found


@pytest.mark.parametrize(
    ("domain", "is_aligned"),
    [("news.example.org", True), ("b.news.example.org", True), ("example.org", False), ("badnews.example.org", False)],
)
def test_complaints_are_asked_for_only_at_the_domain_of_from(
    given: Callable[..., Services], domain: str, is_aligned: bool
) -> None:
    found = "\n".join(lines(written(given(bounces=domain))))

    assert ("CFBL-Address" in found, "CFBL-Feedback-ID" in found) == (is_aligned, is_aligned)
    assert f"@{domain}?subject=unsubscribe>" in found


@pytest.mark.parametrize(
    ("relay", "extra"),
    [
        ("main", []),
        ("ses", []),
        ("sendgrid", ['X-SMTPAPI: {"unique_args": {"digest_id": "TOKEN"}}']),
        ("mailgun", ['X-Mailgun-Variables: {"digest_id": "TOKEN"}']),
        ("postmark", ["X-PM-Metadata-digest-id: TOKEN"]),
    ],
)
def test_each_provider_gets_our_token_in_the_header_that_it_knows(
    given: Callable[..., Services], relay: str, extra: list[str]
) -> None:
    services = given(f'[[relay]]\nname = "main"\n{RELAYS}'.replace('[[relay]]\nname = "main"\n', "", 1))

    usual, found = lines(written(services)), lines(written(services, relay))

    assert [line for line in found if line not in usual] == [
        line.replace("TOKEN", token_of(services)) for line in extra
    ]
    assert [line for line in usual if line not in found] == []


def test_one_edition_goes_through_several_relays_each_with_its_own_headers(given: Callable[..., Services]) -> None:
    services = given(RELAYS)
    write = letter(services)

    for _ in range(2):
        for name, mark in (("main", b""), ("sendgrid", b"X-SMTPAPI"), ("postmark", b"X-PM-Metadata")):
            parcel = write(ANA, relay_of(services, name))
            assert parcel is not None
            marks = [known for known in (b"X-SMTPAPI", b"X-PM-Metadata", b"X-Mailgun") if known in parcel.message]
            assert marks == ([mark] if mark else [])


def test_a_signed_delivery_verifies_and_leaves_out_what_the_relay_rewrites(
    given: Callable[..., Services], tmp_path: Path
) -> None:
    key = make_rsa()
    dkim_keys.write(key, tmp_path / "key.pem")
    services = given(f'{RELAYS}[[dkim]]\ndomain = "news.example.org"\nselector = "s"\nkey_file = "key.pem"\n')

    for relay in ("main", "ses", "sendgrid", "mailgun", "postmark"):
        message = written(services, relay).message
        assert oracle.verify(message, dnsfunc=lambda *_, **__: record(key).encode())
        signature = "".join(line for line in re.sub(rb"\r\n ", b"", message).decode().split("\r\n")[:1])
        assert (":date:" in signature) == (relay != "ses")
        assert (":message-id:" in signature) == (relay in {"main", "mailgun"})
        assert ":list-unsubscribe:list-unsubscribe-post:" in signature


def test_a_reader_whose_sections_hold_no_news_gets_none(given: Callable[..., Services]) -> None:
    services = given()
    write = letter(services)

    assert write(replace(ANA, sections=("sports",)), relay_of(services, "main")) is None
    assert write(replace(ANA, sections=("world",)), relay_of(services, "main")) is not None
    assert write(replace(ANA, sections=()), relay_of(services, "main")) is None


@pytest.mark.parametrize(
    ("address", "recipient", "needs_utf8"),
    [
        ("ana@MAIL.example", "ana@MAIL.example", False),
        ('"ana perez"@mail.example', '"ana perez"@mail.example', False),
        ('"a\\"b,c"@mail.example', '"a\\"b,c"@mail.example', False),
        ("ana@müller.example", "ana@xn--mller-kva.example", False),
        ("ana@[192.0.2.1]", "ana@[192.0.2.1]", False),
        ("jörg@müller.example", "jörg@xn--mller-kva.example", True),
    ],
)
def test_an_address_stands_in_the_envelope_and_in_to_as_relays_take_it(
    given: Callable[..., Services], address: str, recipient: str, needs_utf8: bool
) -> None:
    parcel = written(given(), address=address, name="")

    assert (parcel.recipient, parcel.needs_utf8) == (recipient, needs_utf8)
    assert f"To: <{recipient}>" in lines(parcel)
    if not needs_utf8:
        (to,) = message_from_bytes(parcel.message, policy=policy.default)["To"].addresses
        assert f"{to.addr_spec}" == recipient
        assert parcel.message.isascii()


def test_the_links_of_a_mail_are_signed_as_itsdangerous_signs(given: Callable[..., Services]) -> None:
    services = given()

    values = letters.reader_values(services, EditionId(1), ANA.public_id, ANA.name)

    assert values["unsubscribe_url"].endswith(f"/u/{signed(services, 'unsubscribe')}")
    assert signed(services, "preferences") in values["preferences_url"]
    assert signed(services, "view") in values["view_url"]
    plain, rich = message_from_bytes(written(services).message, policy=policy.default).iter_parts()
    for part in (plain, rich):
        content = part.get_content()
        assert values["unsubscribe_url"] in content.replace("&amp;", "&")
        assert values["preferences_url"] in content.replace("&amp;", "&")


@pytest.mark.parametrize("slug", ["abc", "morning", "a-very-long-name-of-a-newsletter"])
def test_the_last_field_of_the_feedback_id_is_stable_and_of_the_length_that_gmail_asks_for(
    given: Callable[..., Services], slug: str
) -> None:
    services = given()
    newsletter = replace(services.newsletter("morning"), slug=slug)
    with services.reading() as session:
        edition = editions.get(session, EditionId(1))
        session.refresh(edition, ["rendered_bytes"])

    parcel = letters.digest_letters(services, newsletter, edition)(ANA, relay_of(services, "main"))

    assert parcel is not None
    (line,) = (line for line in lines(parcel) if line.startswith("Feedback-ID: "))
    *fields, last = line.removeprefix("Feedback-ID: ").split(":")
    assert fields == ["1", "en", "daily"]
    assert 5 <= len(last) <= 15
    assert last.rstrip("_") in slug


def test_the_envelopes_of_more_sets_of_sections_than_are_kept_are_made_anew(
    given: Callable[..., Services], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(letters, "_KEPT_ENVELOPES", 1)
    services = given()
    write, main = letter(services), relay_of(services, "main")

    first, other, again = (write(replace(ANA, sections=chosen), main) for chosen in (None, ("world",), None))

    assert first is not None
    assert other is not None
    assert again is not None
    assert first.message == again.message


def test_a_notice_carries_its_token_and_is_no_list_mail(given: Callable[..., Services]) -> None:
    services = given(RELAYS)
    now = services.clock.now()
    wish = NoticeWish(
        kind="test", address="ana@mail.example", newsletter="morning", values={"relay": "relay.example:25", "at": "now"}
    )
    with services.session() as session:
        store.enqueue(session, wish, now)
        (claimed,) = store.claim(
            session, now, lease=Lease(owner="one", until=now), limit=1, fingerprint_key=services.keys.fingerprint
        )

    parcel = notices._letter(services, claimed.item, relay_of(services, "postmark"))

    token = verp.token(claimed.key, secret=services.keys.message)
    found = lines(parcel)
    assert parcel.sender == f"b+{token}@bounce.news.example.org"
    assert f"X-Digest-ID: {token}" in found
    assert f"X-PM-Metadata-digest-id: {token}" in found
    assert not any(line.startswith(("List-", "Feedback-ID", "CFBL")) for line in found)
