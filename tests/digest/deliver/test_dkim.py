"""DKIM: another reading of the same RFCs verifies what we sign, and no byte of it may change."""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import dkim as oracle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.deliver import headers as header_lines
from digest.deliver import quoted
from digest.deliver.dkim import SIGNED, Signer, Signers, body_hash, relaxed, signed
from digest.deliver.dkim_keys import make_ed25519, make_rsa, record
from digest.deliver.envelope import build
from digest.deliver.headers import UnfitForMail
from digest.model.message import Addressing, Email, Mailbox, MailingList

RSA, ED25519 = make_rsa(), make_ed25519()
DOMAIN, AT = "news.example.org", datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
SIGNERS = Signers.of(DOMAIN, [("d202611", RSA), ("e202611", ED25519)])
ZONE = {
    f"d202611._domainkey.{DOMAIN}.": record(RSA),
    f"e202611._domainkey.{DOMAIN}.": record(ED25519),
}
HEADERS = (
    "From: Example Daily <daily@news.example.org>",
    "To: =?utf-8?b?QW5hIFDDqXJleg==?= <ana@mail.example>",
    "Subject: Ferries resume\r\n after the strike",
    "Date: Mon, 23 Nov 2026 06:30:00 +0000",
    "Message-ID: <42.7.abcdefgh@news.example.org>",
    "MIME-Version: 1.0",
    "List-Unsubscribe: <https://news.example.org/u/token>",
    "List-Unsubscribe-Post: List-Unsubscribe=One-Click",
    "X-Auto-Response-Suppress: DR, RN",
    "Content-Type: text/plain; charset=utf-8",
)
BODY = b"The ferries sail again.\r\n\r\nThat is all.\r\n"

# What our header lines carry: anything that a reader or publisher may be called, beyond ASCII and hostile too.
values = st.text(max_size=300) | st.text(st.sampled_from(' \t=?:;"\\<>@é\u202e\U0001f600ab,'), max_size=120)
bodies = st.lists(st.text(max_size=200), max_size=12).map(
    lambda lines: quoted.encode(quoted.canonical("\n".join([*lines, "end"])))
)


def message(lines: Iterable[str] = HEADERS, body: bytes = BODY) -> bytes:
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def sealed(lines: Iterable[str] = HEADERS, body: bytes = BODY, **how: Any) -> bytes:
    return signed(message(lines, body), SIGNERS, at=AT, **how)


def verdicts(mail: bytes, zone: dict[str, str] = ZONE) -> list[bool]:
    """Return what dkimpy says of the RSA and of the Ed25519 signature."""

    def looked_up(name: bytes, timeout: int = 5) -> bytes | None:
        text = zone.get(name.decode())
        return None if text is None else text.encode()

    def verdict(index: int) -> bool:
        try:
            return bool(oracle.DKIM(mail).verify(index, dnsfunc=looked_up))
        except oracle.DKIMException:
            return False

    return [verdict(0), verdict(1)]


def relaxed_headers(lines: Iterable[str] = HEADERS) -> list[tuple[str, bytes]]:
    return [(line.partition(":")[0].lower(), relaxed(line)) for line in lines]


# -- what is promised to receivers -------------------------------------------------------------------------------------


def test_both_signatures_verify() -> None:
    assert verdicts(sealed()) == [True, True]


@settings(deadline=None)
@given(subject=values, name=values, body=bodies)
def test_any_words_that_we_can_send_are_signed_well(subject: str, name: str, body: bytes) -> None:
    lines = [
        header_lines.mailbox("From", Mailbox(name=name, address="daily@news.example.org")),
        header_lines.text("Subject", subject),
        *HEADERS[3:],
    ]

    mail = sealed(lines, body)

    assert verdicts(mail) == [True, True]
    assert max(len(line) for line in mail.partition(b"\r\n\r\n")[0].split(b"\r\n")) <= 76


def test_a_whole_mail_as_it_is_built_is_signed_well() -> None:
    email = Email(
        sender=Mailbox(name="The Morning", address="morning@news.example.org"),
        addressing=Addressing(
            to=Mailbox(name="Ana Pérez", address="ana@mail.example"),
            message_id="<1.2.abc@news.example.org>",
            return_path="morning@news.example.org",
            unsubscribe_url="https://news.example.org/u/" + "t" * 57,
        ),
        subject="Grüße aus Ägypten",
        text="a line that ends with a blank \n.\nFrom here\ttabbed  and   spaced \n\n\n",
        html="<p>" + "word " * 500 + "</p>",
        date=AT,
        language="de",
        reply_to="editors@example.org",
        mailing_list=MailingList(
            list_id="morning.news.example.org",
            list_title="The Morning",
            help_url="https://news.example.org/help",
            archive_url="https://news.example.org/archive/morning",
            owner="editors@example.org",
            feedback_id="1:de:daily:morning",
        ),
    )

    for written in (email, replace(email, text="Привет, мир. " * 40)):
        assert verdicts(signed(build(written), SIGNERS, at=email.date)) == [True, True]


@pytest.mark.parametrize("name", [line.partition(":")[0] for line in HEADERS if not line.startswith("X-")])
def test_no_signed_header_may_change(name: str) -> None:
    mail = sealed()
    place = mail.index(f"\r\n{name}: ".encode()) + len(name) + 4

    for tampered in (
        mail[:place] + b"x" + mail[place:],
        re.sub(rb"\r\n%b: [^\r]*" % name.encode(), b"", mail, count=1),
    ):
        assert verdicts(tampered) == [False, False]


@settings(deadline=None)
@given(place=st.integers(0, len(BODY) - 3), byte=st.integers(33, 126))
def test_no_byte_of_the_body_may_change(place: int, byte: int) -> None:
    mail = sealed()
    at = len(mail) - len(BODY) + place

    tampered = mail[:at] + bytes([byte]) + mail[at + 1 :]

    assert verdicts(tampered) == [tampered == mail] * 2


def test_no_tag_of_the_signature_may_change() -> None:
    mail = sealed()

    for old, new in ((b"t=1795415400", b"t=1795415401"), (b"s=d202611", b"s=d202612"), (b"h=from:to:", b"h=from:")):
        assert verdicts(mail.replace(old, new, 1))[0] is False


def test_nobody_can_put_another_from_above_or_below_ours() -> None:
    mail = sealed()

    assert verdicts(b"From: evil@evil.example\r\n" + mail) == [False, False]
    assert verdicts(mail.replace(b"\r\nTo:", b"\r\nFrom: evil@evil.example\r\nTo:", 1)) == [False, False]


def test_headers_that_are_not_signed_may_be_added_by_a_relay() -> None:
    assert verdicts(b"Received: from here\r\n" + sealed()) == [True, True]


def test_a_relay_may_rewrite_what_is_left_out() -> None:
    leave_out = frozenset({"date", "message-id", "from"})

    mail = sealed(leave_out=leave_out)

    rewritten = mail.replace(b"\r\nDate: Mon, 23", b"\r\nDate: Tue, 24").replace(b"<42.7.", b"<relay.own.")
    assert verdicts(rewritten) == [True, True]
    assert verdicts(mail.replace(b"From: Example", b"From: Another")) == [False, False]


def test_keys_of_others_verify_nothing() -> None:
    strangers = {name: record(make_rsa() if name.startswith("d") else make_ed25519()) for name in ZONE}

    assert verdicts(sealed(), strangers) == [False, False]
    assert verdicts(sealed(), {}) == [False, False]


def test_a_large_key_and_a_long_domain_still_verify() -> None:
    domain = ".".join(["a" * 60] * 3) + ".example"
    signers = Signers.of(domain, [("d202611", RSA)])

    mail = signed(message(), signers, at=AT)

    assert verdicts(mail, {f"d202611._domainkey.{domain}.": record(RSA)})[0] is True


# -- what is promised to callers ---------------------------------------------------------------------------------------


def test_the_same_mail_gets_the_same_bytes_on_every_attempt() -> None:
    again = Signers.of(DOMAIN, [("d202611", RSA), ("e202611", ED25519)])

    assert sealed() == sealed() == signed(message(), again, at=AT)
    assert sealed() != signed(message(), SIGNERS, at=AT + timedelta(seconds=1))


@pytest.mark.parametrize("cut", [1, 7, 1000])
def test_a_body_in_parts_is_signed_as_the_whole(cut: int) -> None:
    parts = [BODY[at : at + cut] for at in range(0, len(BODY), cut)]

    assert body_hash(parts) == body_hash(iter(parts)) == body_hash(BODY)
    whole = SIGNERS.sign_all(relaxed_headers(), BODY, at=AT)
    assert SIGNERS.sign_all(relaxed_headers(), iter(parts), at=AT) == whole


def test_each_key_signs_alone_as_it_does_beside_the_other() -> None:
    alone = [signer.sign(relaxed_headers(), BODY, at=AT) for signer in SIGNERS.signers]

    assert b"".join(alone) == SIGNERS.sign_all(relaxed_headers(), BODY, at=AT)


def test_the_signature_names_what_it_signs_with_from_once_more_at_the_end() -> None:
    lines = [f"{name}: x" for name in reversed(SIGNED)]

    mail = SIGNERS.signers[0].sign(relaxed_headers(lines), BODY, at=AT)

    tags = re.sub(rb"\s", b"", mail)
    assert b"h=" + ":".join([*SIGNED, "from"]).encode() + b";" in tags
    assert b"a=rsa-sha256;c=relaxed/relaxed;" in tags
    assert b"l=" not in tags
    assert mail.endswith(b"\r\n")


@pytest.mark.parametrize("lines", [HEADERS[1:], (HEADERS[0], *HEADERS)])
def test_a_mail_without_exactly_one_from_is_not_signed(lines: tuple[str, ...]) -> None:
    with pytest.raises(UnfitForMail, match="exactly one From"):
        SIGNERS.sign_all(relaxed_headers(lines), BODY, at=AT)


@pytest.mark.parametrize(
    ("line", "canonical"),
    [
        ("A: X", b"a:X\r\n"),
        ("B : Y\t\r\n\tZ  ", b"b:Y Z\r\n"),  # the example of RFC 6376 §3.4.5
        (b"SubJect:\r\n folded  twice\r\n \tover\r\n", b"subject:folded twice over\r\n"),
        ("X-Empty:", b"x-empty:\r\n"),
        ("Subject: a: b", b"subject:a: b\r\n"),
    ],
)
def test_a_header_is_relaxed_as_the_rfc_says(line: str | bytes, canonical: bytes) -> None:
    assert relaxed(line) == canonical


@settings(deadline=None)
@given(value=st.text(st.sampled_from("ab \t"), max_size=60))
def test_relaxing_agrees_with_the_oracle(value: str) -> None:
    line = f"Subject:{value}\r\n {value}"

    theirs = oracle.canonicalization.Relaxed.canonicalize_headers([(b"Subject", line.partition(":")[2].encode())])

    assert relaxed(line) == theirs[0][0] + b":" + theirs[0][1]


@pytest.mark.parametrize("make", [make_rsa, make_ed25519])
def test_a_key_is_never_shown(make: Callable[[], Any]) -> None:
    signer = Signer(DOMAIN, "s", make())

    assert "key" not in repr(signer).lower()
