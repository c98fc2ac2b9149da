"""The envelope: what was meant comes out at the other end, whatever characters it holds, and every header is right."""

import re
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.deliver import headers, quoted
from digest.deliver.envelope import build, message_id, notice_id
from digest.deliver.headers import UnfitForMail
from digest.model.ids import EditionId, NoticeId, SubscriberId
from digest.model.message import Addressing, Email, Mailbox, MailingList

LIST = MailingList(
    list_id="morning.news.example.org",
    list_title="The Morning",
    help_url="https://news.example.org/help",
    archive_url="https://news.example.org/archive/morning",
    owner="owner@news.example.org",
    feedback_id="42:en:daily:morning",
)
EMAIL = Email(
    sender=Mailbox(name="The Morning", address="morning@news.example.org"),
    addressing=Addressing(
        to=Mailbox(name="Ana Pérez", address="ana@mail.example"),
        message_id="<42.7.abcdefgh@news.example.org>",
        return_path="morning@news.example.org",
        unsubscribe_url="https://news.example.org/u/TOKEN",
    ),
    subject="Hafen öffnet, and what else matters",
    text="Good morning.\n",
    html="<p>Good morning.</p>\n",
    date=datetime(2026, 11, 23, 6, 30, tzinfo=UTC),
    language="en",
    reply_to="editors@news.example.org",
    mailing_list=LIST,
)
#: Whatever a name, subject or text may hold: controls, line ends, dots, emoji, right to left, lone surrogates.
NASTY = (
    *(
        "\r\n",
        "\n",
        "\r",
        ".",
        "\r\n.\r\n",
        "From ",
        "=",
        "=?utf-8?q?x?=",
        "é",
        "🙂",
        "👨‍👩‍👧",
        "\u202eabc",
        "  ",
        "\t",
        "\0",
    ),
    *("a" * 80, '"', "\\", "<x@y>", "Bcc: a@b", ",", ";", "\ud800", " ", "漢字" * 20),
)
HOSTILE = st.text(st.characters(), max_size=300) | st.lists(st.sampled_from(NASTY), max_size=40).map("".join)


def parsed(mail: bytes) -> EmailMessage:
    return message_from_bytes(mail, policy=policy.default)


def decoded(mail: bytes, name: str) -> str:
    raw = message_from_bytes(mail, policy=policy.compat32)[name]
    return str(make_header(decode_header(re.sub(r"\r\n[ \t]", " ", raw))))


def lines_of(text: str) -> list[str]:
    whole = text.encode("utf-8", "replace").decode()
    return re.split(r"\r\n|\r|\n", whole.rstrip("\r\n"))


def assert_well_formed(mail: bytes) -> None:
    head, _, body = mail.partition(b"\r\n\r\n")
    assert mail.isascii()
    assert b"\0" not in mail
    assert re.search(rb"(?<!\r)\n|\r(?!\n)", mail) is None
    assert all(len(line) <= 76 for line in body.split(b"\r\n"))
    assert all(len(line) <= 78 for line in head.split(b"\r\n"))
    assert re.search(rb"\r\n(\.|From )", mail) is None
    assert re.search(rb"[ \t]\r\n", body) is None
    assert mail.endswith(b"--\r\n")
    assert not mail.endswith(b"\r\n\r\n")


@settings(max_examples=300, deadline=None)
@given(name=HOSTILE, subject=HOSTILE, text=HOSTILE, html=HOSTILE)
def test_hostile_names_subjects_and_bodies_come_out_as_they_were_meant(
    name: str, subject: str, text: str, html: str
) -> None:
    email = replace(
        EMAIL,
        addressing=replace(EMAIL.addressing, to=Mailbox(name=name, address="ana@mail.example")),
        subject=subject,
        text=text,
        html=html,
    )

    mail = build(email)

    assert_well_formed(mail)
    message = parsed(mail)
    assert message.keys() == parsed(build(EMAIL)).keys()
    assert not message.defects
    assert decoded(mail, "Subject") == headers.clean(subject, headers.LONGEST_SUBJECT)
    plain, rich = message.iter_parts()
    for part, meant in ((plain, text), (rich, html)):
        content = cast("bytes", part.get_payload(decode=True)).decode()
        assert content.split("\r\n") == lines_of(meant)


@settings(max_examples=300, deadline=None)
@given(name=HOSTILE)
def test_a_hostile_display_name_stays_a_name_and_the_address_stays_alone(name: str) -> None:
    box = Mailbox(name=name, address="ana@mail.example")

    line = headers.mailbox("To", box)

    phrase, address = re.sub(r"\r\n ", " ", line).removeprefix("To:").strip().rpartition("<")[::2]
    assert address == "ana@mail.example>"
    phrase = phrase.strip()
    shown = re.sub(r"\\(.)", r"\1", phrase[1:-1]) if phrase.startswith('"') else str(make_header(decode_header(phrase)))
    assert shown == headers.clean(name, headers.LONGEST_NAME)
    (parsed_box,) = parsed(line.encode() + b"\r\n\r\n")["To"].addresses
    assert parsed_box.addr_spec == "ana@mail.example"


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("é🙂ab =.\t漢F"), min_size=60, max_size=400) | HOSTILE)
def test_quoted_printable_never_cuts_a_character_in_two(text: str) -> None:
    encoded = quoted.encode(quoted.canonical(text))

    for line in encoded.split(b"\r\n"):
        piece = re.sub(rb"=([0-9A-F]{2})", lambda found: bytes([int(found[1], 16)]), line.removesuffix(b"="))
        piece.decode()


@pytest.mark.parametrize(
    ("text", "encoded"),
    [
        ("", b"\r\n"),
        ("one\ntwo", b"one\r\ntwo\r\n"),
        (".dot", b"=2Edot\r\n"),
        ("From here", b"=46rom here\r\n"),
        ("blank at the end ", b"blank at the end=20\r\n"),
        ("two  blanks", b"two =20blanks\r\n"),
        ("1 = 1", b"1 =3D 1\r\n"),
        ("a" * 76, b"a" * 76 + b"\r\n"),
        ("a" * 77, b"a" * 75 + b"=\r\naa\r\n"),
        ("a" * 75 + "." + "b" * 80, b"a" * 75 + b"=\r\n=2E" + b"b" * 72 + b"=\r\n" + b"b" * 8 + b"\r\n"),
        ("a" * 73 + "é!!!", b"a" * 73 + b"=\r\n=C3=A9!!!\r\n"),
    ],
)
def test_quoted_printable_is_as_the_standard_says(text: str, encoded: bytes) -> None:
    assert quoted.encode(quoted.canonical(text)) == encoded


def test_a_list_mail_carries_each_header_that_the_standards_ask_for() -> None:
    mail = build(EMAIL)

    message = parsed(mail)
    assert {name: decoded(mail, name) for name in message} == {
        "From": "The Morning <morning@news.example.org>",
        "Reply-To": "editors@news.example.org",
        "To": "Ana Pérez <ana@mail.example>",
        "Subject": "Hafen öffnet, and what else matters",
        "Date": "Mon, 23 Nov 2026 06:30:00 +0000",
        "Message-ID": "<42.7.abcdefgh@news.example.org>",
        "MIME-Version": "1.0",
        "List-Id": "The Morning <morning.news.example.org>",
        "List-Unsubscribe": "<https://news.example.org/u/TOKEN>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Help": "<https://news.example.org/help>",
        "List-Owner": "<mailto:owner@news.example.org>",
        "List-Archive": "<https://news.example.org/archive/morning>",
        "List-Post": "NO",
        "Feedback-ID": "42:en:daily:morning",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "DR, RN, NRN, OOF, AutoReply",
        "Content-Language": "en",
        "Content-Type": message["Content-Type"],
    }
    assert len(message.keys()) == len(set(message.keys()))


def test_the_text_comes_first_and_the_html_last() -> None:
    message = parsed(build(EMAIL))

    parts = [part.get_content_type() for part in message.walk()]

    assert parts == ["multipart/alternative", "text/plain", "text/html"]
    assert {part["Content-Transfer-Encoding"] for part in message.iter_parts()} == {"quoted-printable"}


def test_a_part_in_a_script_beyond_latin_takes_the_shorter_encoding() -> None:
    email = replace(EMAIL, text="\u96fb\u8eca\u306f\u671d\u306b\r\u7740\u3044\u305f" * 99, html="<p>plain</p>")

    mail = build(email)

    assert_well_formed(mail)
    plain, rich = parsed(mail).iter_parts()
    assert (plain["Content-Transfer-Encoding"], rich["Content-Transfer-Encoding"]) == ("base64", "quoted-printable")
    assert cast("bytes", plain.get_payload(decode=True)).decode().split("\r\n") == lines_of(email.text)
    assert len(mail) < 2 * len(email.text.encode())


def test_a_single_mail_carries_no_list_headers() -> None:
    alone = replace(EMAIL.addressing, unsubscribe_url="")
    message = parsed(build(replace(EMAIL, addressing=alone, mailing_list=None, reply_to=None)))

    assert [name for name in message if name.startswith(("List", "Feedback", "Reply"))] == []
    assert message["Auto-Submitted"] == "auto-generated"


def test_the_same_mail_is_the_same_bytes_each_time_and_another_has_another_boundary() -> None:
    other = replace(EMAIL, addressing=replace(EMAIL.addressing, message_id="<42.8.abcdefgh@news.example.org>"))

    boundaries = [parsed(build(email)).get_boundary() for email in (EMAIL, other)]

    assert build(EMAIL) == build(EMAIL)
    assert boundaries[0] != boundaries[1]


@pytest.mark.parametrize(
    "faulty",
    [
        replace(EMAIL, addressing=replace(EMAIL.addressing, to=Mailbox(name="", address="a@b\r\nBcc: c@d"))),
        replace(EMAIL, addressing=replace(EMAIL.addressing, to=Mailbox(name="", address="nobody"))),
        replace(EMAIL, sender=Mailbox(name="", address="a@b>, <c@d")),
        replace(EMAIL, reply_to="x y@z"),
        replace(EMAIL, addressing=replace(EMAIL.addressing, message_id="<a b@c>")),
        replace(EMAIL, addressing=replace(EMAIL.addressing, message_id="a@c")),
        replace(EMAIL, language="dé"),
        replace(EMAIL, addressing=replace(EMAIL.addressing, unsubscribe_url="javascript:alert(1)")),
        replace(EMAIL, addressing=replace(EMAIL.addressing, unsubscribe_url="https://a.example/>\r\nBcc: x")),
        replace(EMAIL, mailing_list=replace(LIST, help_url="https://a.example/" + "x" * 1000)),
        replace(EMAIL, mailing_list=replace(LIST, feedback_id="é")),
    ],
)
def test_what_cannot_stand_in_a_header_is_refused(faulty: Email) -> None:
    with pytest.raises(UnfitForMail):
        build(faulty)


@pytest.mark.parametrize(
    ("name", "phrase"),
    [
        ("", []),
        ("Ana", ["Ana"]),
        ("Ana Maria Perez", ["Ana", "Maria", "Perez"]),
        ("Perez, Ana", ['"Perez, Ana"']),
        ('Ana "Ann" P.', ['"Ana \\"Ann\\" P."']),
        ("=?utf-8?q?Fake?=", ["=?utf-8?b?PT91dGYtOD9xP0Zha2U/PQ==?="]),
    ],
)
def test_a_name_is_plain_where_it_can_be_and_quoted_or_encoded_where_it_must(name: str, phrase: list[str]) -> None:
    assert headers.phrase(name) == phrase


def test_a_message_id_names_the_mail_and_cannot_be_made_without_the_key() -> None:
    key, domain = b"k" * 32, "news.example.org"

    ids = [
        message_id(EditionId(42), SubscriberId(7), key=key, domain=domain),
        message_id(EditionId(42), SubscriberId(7), key=b"other" * 8, domain=domain),
        message_id(EditionId(4), SubscriberId(27), key=key, domain=domain),
        notice_id(NoticeId(42), key=key, domain=domain),
    ]

    assert re.fullmatch(r"<42\.7\.[a-z2-7]{8}@news\.example\.org>", ids[0])
    assert re.fullmatch(r"<notice\.42\.[a-z2-7]{8}@news\.example\.org>", ids[3])
    assert len(set(ids)) == 4
    assert ids[0] == message_id(EditionId(42), SubscriberId(7), key=key, domain=domain)
