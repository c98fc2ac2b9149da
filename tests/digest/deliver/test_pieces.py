"""Pieces: joined, they are what was meant, whatever stands in them; and a mail of pieces is one that is built whole."""

import base64
import quopri
import re
from dataclasses import replace
from datetime import timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Any, cast

import dkim as oracle
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.deliver import quoted
from digest.deliver.dkim import Signers
from digest.deliver.dkim_keys import make_ed25519, make_rsa, record
from digest.deliver.envelope import Envelope, Seal, build
from digest.deliver.pieces import Body, Press
from digest.deliver.profile import REWRITTEN
from digest.deliver.transaction import Parcel
from digest.model.message import Addressing, Email, Mailbox
from digest.model.pieces import Slot, Values
from digest.model.relay import Profile
from tests.digest.deliver.test_envelope import EMAIL, HOSTILE, assert_well_formed, decoded, lines_of, parsed

NASTY = (
    *(
        ".",
        "..",
        "From ",
        "From",
        "=",
        "=3D",
        "=\n",
        "\t",
        " ",
        "  ",
        "a ",
        "é",
        "🙂",
        "👨‍👩‍👧",
        "\u202e",
        "\x01",
        "\x7f",
    ),
    *(
        "x" * 74,
        "x" * 75,
        "x" * 76,
        "x" * 150,
        "é" * 40,
        "漢" * 30,
        "https://news.example.org/u/" + "t" * 90,
        "<a href=",
    ),
)
VALUES = st.lists(st.sampled_from(NASTY), max_size=8).map("".join).map(lambda text: text.replace("\n", "")) | st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=200
)
LITERALS = st.lists(st.sampled_from((*NASTY, "\n", "\r\n", "\n\n", "\n.\n", "\nFrom ", " \n")), max_size=12).map(
    "".join
)
NAMES = ("reader", "view_url", "unsubscribe_url")
PARTS = st.lists(LITERALS.map(str.encode) | st.sampled_from(NAMES).map(Slot), max_size=10)
FILLED = st.fixed_dictionaries({name: VALUES.map(str.encode) for name in NAMES})
CJK = "\u96fb\u8eca\u306f\u671d\u306b\u7740\u3044\u305f\n"
CYRILLIC = "Поезда снова ходят по расписанию.\n"


def meant(parts: list[bytes | Slot], values: dict[str, bytes]) -> bytes:
    """Return what *parts* say, with CRLF between the lines."""
    return b"".join(
        values[part.name] if isinstance(part, Slot) else re.sub(rb"\r\n|\r|\n", b"\r\n", part) for part in parts
    )


def filled(body: Body, values: dict[str, bytes]) -> bytes:
    return b"".join(body.fill(values, {}))


def opened(body: Body, values: dict[str, bytes]) -> bytes:
    encoded = filled(body, values)
    return base64.b64decode(encoded) if body.encoding == "base64" else quopri.decodestring(encoded)


def assert_fit_for_every_hop(encoded: bytes) -> None:
    assert encoded.isascii()
    assert encoded.endswith(b"\r\n")
    assert b"\n" not in encoded.replace(b"\r\n", b"")
    assert b"\r" not in encoded.replace(b"\r\n", b"")
    for line in encoded.split(b"\r\n"):
        assert len(line) <= 76
        assert not line.startswith((b".", b"From "))
        assert not line.endswith((b" ", b"\t"))
        assert b"\t" not in line
        assert b"  " not in line


@settings(max_examples=400, deadline=None)
@given(parts=PARTS, values=FILLED)
def test_a_body_of_pieces_is_what_was_meant_and_no_hop_needs_to_change_it(
    parts: list[bytes | Slot], values: dict[str, bytes]
) -> None:
    body = Press().body(parts)

    text = meant(parts, values)
    assert opened(body, values) in {text, text + b"\r\n"}
    if body.encoding == "quoted-printable":
        assert not filled(body, values).endswith(b"=\r\n")
    if body.encoding == "quoted-printable" or text:
        assert_fit_for_every_hop(filled(body, values))


@settings(max_examples=200, deadline=None)
@given(parts=PARTS, values=FILLED)
def test_base64_means_the_same(parts: list[bytes | Slot], values: dict[str, bytes]) -> None:
    body = Press().body([CJK.encode() * 40, *parts])

    text = meant([CJK.encode() * 40, *parts], values)
    assert body.encoding == "base64"
    assert opened(body, values) == text
    assert_fit_for_every_hop(filled(body, values))


@settings(max_examples=200, deadline=None)
@given(texts=st.lists(LITERALS.map(str.encode), min_size=1, max_size=6), data=st.data())
def test_pieces_may_be_joined_in_any_order(texts: list[bytes], data: st.DataObject) -> None:
    canonical = [re.sub(rb"\r\n|\r|\n", b"\r\n", text) for text in texts]
    order = data.draw(st.permutations(canonical))

    joined = b"".join(quoted.piece(text) for text in order) + b"\r\n"

    assert quopri.decodestring(joined) == b"".join(order) + b"\r\n"
    assert_fit_for_every_hop(joined)


@settings(max_examples=400, deadline=None)
@given(VALUES.map(str.encode))
def test_a_value_is_encoded_as_a_piece_is(raw: bytes) -> None:
    assert quoted.value(raw) == quoted.piece(raw)


@pytest.mark.parametrize("size", [0, 1, 74, 75, 76, 149, 150, 151, 225])
@pytest.mark.parametrize("letter", ["x", "."])
def test_a_value_of_any_length_is_encoded_as_a_piece_is(size: int, letter: str) -> None:
    raw = (letter * size).encode()

    assert quoted.value(raw) == quoted.piece(raw)


@pytest.mark.parametrize(
    ("name", "encoded"), [("From Ana", b"=46rom Ana=\r\n"), (".ana", b"=2Eana=\r\n"), ("Ana P.", b"Ana P.=\r\n")]
)
def test_a_reader_may_be_called_what_mail_programs_take_for_something_else(name: str, encoded: bytes) -> None:
    assert quoted.value(name.encode()) == encoded


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("The ferries sail again.\n", "quoted-printable"),
        ("Züge fahren, Fähren auch.\n", "quoted-printable"),
        (CYRILLIC, "base64"),
        (CJK, "base64"),
    ],
    ids=["English", "German", "Russian", "Japanese"],
)
def test_a_body_takes_the_encoding_that_is_shorter_for_its_script(text: str, encoding: str) -> None:
    body = Press().body([text.encode() * 20, Slot("reader"), text.encode()])

    assert body.encoding == encoding
    assert len(filled(body, {"reader": b"Ana"})) < 2 * len(text.encode()) * 21


def test_a_literal_that_many_sheets_share_is_encoded_once() -> None:
    press = Press()

    first, second = (press.body([b"The same for all.\n", Slot("reader")]) for _ in range(2))

    assert first.fill({"reader": b""}, {})[0] is second.fill({"reader": b""}, {})[0]


# -- whole mails -------------------------------------------------------------------------------------------------------


def envelope_of(email: Email, text: list[bytes | Slot], html: list[bytes | Slot], seal: Seal | None = None) -> Envelope:
    press = Press()
    nobody = replace(email.addressing, to=Mailbox(name="", address="nobody@news.example.org"))
    specimen = replace(email, addressing=nobody, text="", html="")
    return Envelope(specimen, text=press.body(text), html=press.body(html), seal=seal)


def parts_of(mail: bytes) -> list[str]:
    found = message_from_bytes(mail, policy=policy.default)
    return ["\n".join(lines_of(cast("bytes", part.get_payload(decode=True)).decode())) for part in found.iter_parts()]


def headers_of(mail: bytes) -> dict[str, str]:
    names = message_from_bytes(mail, policy=policy.compat32).keys()
    assert len(names) == len(set(names))
    return {name: decoded(mail, name) for name in names if name != "Content-Type"}


@settings(max_examples=150, deadline=None)
@given(
    name=HOSTILE,
    subject=HOSTILE,
    value=VALUES,
    literal=LITERALS,
    filler=st.sampled_from(["", CJK * 30, CYRILLIC * 30]),
)
def test_a_mail_of_pieces_says_what_one_says_that_is_built_whole(
    name: str, subject: str, value: str, literal: str, filler: str
) -> None:
    to = Mailbox(name=name, address="ana@mail.example")
    email = replace(EMAIL, addressing=replace(EMAIL.addressing, to=to), subject=subject)
    parts: list[bytes | Slot] = [filler.encode(), b"<p>", Slot("reader"), literal.encode(), Slot("reader"), b"</p>\n"]
    values = {"reader": value.encode()}
    body = f"{filler}<p>{value}{literal}{value}</p>\n"

    pieced = envelope_of(email, parts, parts).address(email.addressing, Values(values, values)).message

    whole = build(replace(email, text=body, html=body))
    assert headers_of(pieced) == headers_of(whole)
    assert parts_of(pieced) == parts_of(whole) == ["\n".join(lines_of(body))] * 2
    assert_well_formed(pieced)
    assert not parsed(pieced).defects


@settings(max_examples=100, deadline=None)
@given(
    name=st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=30),
    subject=st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1, max_size=60),
    value=VALUES,
)
def test_a_mail_of_pieces_says_what_one_of_the_standard_library_says(name: str, subject: str, value: str) -> None:
    theirs = EmailMessage(policy=policy.SMTP)
    theirs["From"] = "The Morning <morning@news.example.org>"
    theirs["Subject"] = subject
    theirs["Date"] = format_datetime(EMAIL.date)
    theirs["Message-ID"] = EMAIL.addressing.message_id
    theirs.set_content(f"Good morning, {value}!\n")
    theirs.add_alternative(f"<p>Good morning, {value}!</p>\n", subtype="html")
    addressing = replace(EMAIL.addressing, to=Mailbox(name=name, address="ana@mail.example"))
    text: list[bytes | Slot] = [b"Good morning, ", Slot("reader"), b"!\n"]
    html: list[bytes | Slot] = [b"<p>Good morning, ", Slot("reader"), b"!</p>\n"]
    values = {"reader": value.encode()}

    email = replace(EMAIL, addressing=addressing, subject=subject)
    ours = envelope_of(email, text, html).address(addressing, Values(values, values)).message

    assert parts_of(ours) == parts_of(theirs.as_bytes())
    for header in ("From", "Subject", "Date", "Message-ID"):
        assert decoded(ours, header) == str(theirs[header])
    assert [part.get_content_type() for part in parsed(ours).iter_parts()] == ["text/plain", "text/html"]
    assert parsed(ours)["To"].addresses[0].addr_spec == "ana@mail.example"


def test_the_same_reader_gets_the_same_bytes_and_another_reader_their_own() -> None:
    parts: list[bytes | Slot] = [b"Good morning, ", Slot("reader"), b".\n"]
    ana, bo = {"reader": b"Ana"}, {"reader": b"Bo"}
    other = replace(EMAIL.addressing, to=Mailbox(name="Bo", address="bo@mail.example"), message_id="<42.8.x@a.example>")

    envelope = envelope_of(EMAIL, parts, parts, SEAL)
    first = envelope.address(EMAIL.addressing, Values(ana, ana))
    between = envelope.address(other, Values(bo, bo))
    again = envelope.address(EMAIL.addressing, Values(ana, ana))
    anew = envelope_of(EMAIL, parts, parts, SEAL).address(EMAIL.addressing, Values(ana, ana))

    assert first.message == again.message == anew.message
    assert b"Ana" in first.message
    assert b"Ana" not in between.message
    assert (between.recipient, decoded(between.message, "Message-ID")) == ("bo@mail.example", "<42.8.x@a.example>")


# -- signatures --------------------------------------------------------------------------------------------------------

DOMAIN = "news.example.org"
RSA, ED25519 = make_rsa(), make_ed25519()
SIGNERS = Signers.of(DOMAIN, [("d202611", RSA), ("e202611", ED25519)])
SEAL = Seal(signers=SIGNERS)
ZONE = {f"d202611._domainkey.{DOMAIN}.": record(RSA), f"e202611._domainkey.{DOMAIN}.": record(ED25519)}


def verdicts(mail: bytes) -> list[bool]:
    """Return what dkimpy says of the RSA and of the Ed25519 signature."""

    def looked_up(name: bytes, timeout: int = 5) -> bytes | None:
        text = ZONE.get(name.decode())
        return None if text is None else text.encode()

    def verdict(index: int) -> bool:
        try:
            return bool(oracle.DKIM(mail).verify(index, dnsfunc=looked_up))
        except oracle.DKIMException:
            return False

    return [verdict(0), verdict(1)]


def sealed(seal: Seal, addressing: Addressing = EMAIL.addressing, value: str = "Ana", **traits: Any) -> Parcel:
    parts: list[bytes | Slot] = [b"Good morning, ", Slot("reader"), b".\n.From here = there\n"]
    values = {"reader": value.encode()}
    email = replace(EMAIL, addressing=addressing, **traits)
    return envelope_of(email, parts, parts, seal).address(addressing, Values(values, values))


@settings(max_examples=60, deadline=None)
@given(name=HOSTILE, subject=HOSTILE, value=VALUES)
def test_the_signatures_of_a_mail_of_pieces_verify(name: str, subject: str, value: str) -> None:
    addressing = replace(
        EMAIL.addressing,
        to=Mailbox(name=name, address="ana@mail.example"),
        token="42.7.abcdefghij",
        unsubscribe_address="unsub+42.7.abcdefghij@bounce.example.org",
        complaint_address="b+42.7.abcdefghij@bounce.news.example.org",
    )

    assert verdicts(sealed(SEAL, addressing, value, subject=subject).message) == [True, True]


def test_a_changed_value_or_header_breaks_the_signatures() -> None:
    mail = sealed(SEAL).message

    assert verdicts(mail) == [True, True]
    assert verdicts(mail.replace(b"Ana=", b"Bob=")) == [False, False]
    assert verdicts(mail.replace(b"To: ", b"To: X ")) == [False, False]


@pytest.mark.parametrize("profile", list(Profile))
def test_what_a_relay_rewrites_is_not_signed(profile: Profile) -> None:
    later = format_datetime(EMAIL.date + timedelta(minutes=3)).encode()
    mail = sealed(Seal(signers=SIGNERS, leave_out=REWRITTEN[profile])).message
    known = {"date": later, "message-id": b"<0100.from.the.provider@relay.example>"}

    rewritten = mail
    for name in REWRITTEN[profile] & known.keys():
        rewritten = re.sub(rb"(?im)^(%s): [^\r]*" % name.encode(), rb"\1: " + known[name], rewritten)

    assert (rewritten != mail) == bool(REWRITTEN[profile] & known.keys())
    assert verdicts(rewritten) == [True, True]
    assert verdicts(rewritten.replace(b"Hafen", b"Haven").replace(b"Reply-To: e", b"Reply-To: x")) == [False, False]
