"""What a returned mail means: hard only where it surely says that the address does not exist."""

import pytest

from digest.deliver import bounce
from digest.deliver.bounce import Kind
from digest.deliver.bounce.parsing import LARGEST, MOST_PARTS
from tests.digest.deliver.bounce.returned import (
    READER,
    TOKEN,
    VERP,
    block,
    complaint,
    mail,
    notification,
    parts,
    vacation,
    wish_to_leave,
)

AT_RCPT = "The server said in reply to the RCPT TO command: no."
AT_DATA = "The server said (in reply to end of DATA command): no."


@pytest.mark.parametrize(
    ("status", "words", "kind"),
    [
        ("5.1.1", "550 5.1.1 no such mailbox here", Kind.HARD),
        ("5.1.2", "550 5.1.2 domain unknown", Kind.HARD),
        ("5.1.3", "501 5.1.3 bad address syntax", Kind.HARD),
        ("5.1.6", "551 5.1.6 she has moved", Kind.HARD),
        ("5.1.10", "556 5.1.10 null MX", Kind.HARD),
        ("5.1.1", "550 5.1.1 this mailbox is full", Kind.SOFT),
        ("5.1.1", "550 5.1.1 blocked by our spam filter", Kind.POLICY),
        ("5.1.8", "501 5.1.8 sender's domain does not exist", Kind.POLICY),
        ("5.2.1", "550 5.2.1 this account is disabled", Kind.SOFT),
        ("5.2.2", "552 5.2.2 mailbox full", Kind.SOFT),
        ("5.2.2", "552 5.2.2 no such user", Kind.SOFT),
        ("5.4.1", "550 5.4.1 Recipient address rejected: Access denied", Kind.HARD),
        ("5.4.4", "554 5.4.4 Host or domain name not found", Kind.HARD),
        ("5.4.4", "554 5.4.4 unable to route", Kind.SOFT),
        ("5.7.1", "554 5.7.1 refused by policy", Kind.POLICY),
        ("5.7.26", "550 5.7.26 unauthenticated mail is not accepted", Kind.POLICY),
        ("5.5.0", "550 5.5.0 Requested action not taken: mailbox unavailable", Kind.HARD),
        ("5.7.27", "550 Host does not accept mail", Kind.HARD),
        ("5.7.27", "550 5.7.27 sender's domain has a null MX", Kind.POLICY),
        ("5.7.1", "550 5.7.1 user unknown", Kind.POLICY),
        ("5.0.0", "554 transaction failed", Kind.SOFT),
        ("5.0.0", "554 message refused, listed at a blocklist", Kind.POLICY),
        ("5.9.9", "who knows", Kind.SOFT),
        ("4.2.2", "452 4.2.2 mailbox full", Kind.SOFT),
        ("4.1.1", "450 4.1.1 user unknown", Kind.SOFT),
        ("4.7.1", "451 4.7.1 greylisted, try again later", Kind.SOFT),
    ],
)
def test_a_failure_is_hard_only_where_the_address_is_surely_dead(status: str, words: str, kind: Kind) -> None:
    report = bounce.read(notification(block(status, f"smtp; {words}")))

    assert (report.kind, report.status) == (kind, status)
    assert report.recipients == (READER,)


@pytest.mark.parametrize(
    ("where", "kind"), [(AT_RCPT, Kind.HARD), (AT_DATA, Kind.SOFT), ("Sorry.", Kind.SOFT)], ids=["RCPT", "DATA", "?"]
)
def test_user_unknown_without_a_status_counts_only_as_an_answer_to_the_recipient(where: str, kind: Kind) -> None:
    report = bounce.read(notification(block("5.0.0", "smtp; 550 user unknown"), words=where))

    assert report.kind is kind


def test_a_dead_address_refused_after_the_text_was_seen_is_soft() -> None:
    report = bounce.read(notification(block("5.1.1", "smtp; 550 5.1.1 user unknown"), words=AT_DATA))

    assert report.kind is Kind.SOFT


def test_an_answer_below_data_is_to_the_recipient_where_data_is_refused_for_want_of_one() -> None:
    log = ">>> DATA\n<<< 550 5.1.1 no such user\n<<< 503 5.5.1 need RCPT first\n"

    assert bounce.read(notification(block("5.1.1", "smtp; 550 5.1.1 no such user"), words=log)).kind is Kind.HARD


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed", "expanded", "Delayed (will retry)"])
def test_what_is_delayed_or_delivered_is_no_failure(action: str) -> None:
    report = bounce.read(notification(block("4.4.1", action=action)))

    assert (report.kind, report.failures) == (Kind.NONE, ())


def test_an_address_that_stands_for_several_is_dead_only_if_all_of_them_are() -> None:
    dead = block(recipient="one@group.example")
    full = block("5.2.2", "smtp; 552 mailbox full", recipient="two@group.example")
    got_it = block("2.0.0", "smtp; 250 ok", action="relayed", recipient="three@group.example")

    assert bounce.read(notification(dead, dead)).kind is Kind.HARD
    assert bounce.read(notification(dead, full)).kind is Kind.SOFT
    assert bounce.read(notification(dead, got_it)).kind is Kind.SOFT
    assert bounce.read(notification(dead, full)).recipients == ("one@group.example", "two@group.example")


def test_the_address_that_we_wrote_to_is_named_rather_than_where_it_was_forwarded() -> None:
    fields = f"Original-Recipient: rfc822;{READER}\n{block(recipient='elsewhere@far.example')}"

    assert bounce.read(notification(fields)).recipients == (READER,)


def test_a_notification_that_is_not_multipart_is_read() -> None:
    raw = mail(f"Reporting-MTA: dns; mx.example\n\n{block()}", Content_Type="message/delivery-status")

    assert bounce.read(raw).kind is Kind.HARD


def test_a_notification_with_a_wrong_boundary_is_read() -> None:
    raw = notification().replace(b'boundary="cut-here"', b'boundary="another"')

    assert bounce.read(raw).kind is Kind.HARD


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        (f"<{READER}>: host mx.reader.example said: 550 5.1.1 user unknown (in reply to RCPT TO command)", Kind.HARD),
        (f"<{READER}>: host mx.reader.example said: 552 5.2.2 over quota", Kind.SOFT),
        (f"<{READER}>: host mx.reader.example said: 554 5.7.1 message looks like spam", Kind.POLICY),
        (f"  {READER}\n    unrouteable mail domain reader.example", Kind.HARD),
        (f"{READER}\n  User not listed in public address book", Kind.HARD),
        (f"The user {READER} is unknown.", Kind.SOFT),
        ("It did not work out.", Kind.SOFT),
    ],
)
def test_a_report_in_words_only_is_read_with_caution(words: str, kind: Kind) -> None:
    report = bounce.read(mail(words, Subject="Undelivered mail returned to sender"))

    assert report.kind is kind


def test_the_returned_mail_is_no_part_of_the_reasons() -> None:
    words = f"<{READER}>: 552 5.2.2 full\n\n--- Below this line is a copy of the message.\n\n550 5.1.1 user unknown\n"

    assert bounce.read(mail(words, Subject="failure notice")).kind is Kind.SOFT


def test_a_warning_that_somebody_keeps_trying_is_no_failure() -> None:
    raw = mail(f"THIS IS A WARNING MESSAGE ONLY.\n\n{READER}: 451 try later", Subject="Delivery delayed")

    assert bounce.read(raw).kind is Kind.NONE


@pytest.mark.parametrize("feedback", ["abuse", "fraud", "virus", "opt-out", "Abuse"])
def test_a_feedback_report_is_a_complaint(feedback: str) -> None:
    report = bounce.read(complaint(feedback))

    assert (report.kind, report.token, report.status) == (Kind.COMPLAINT, TOKEN, feedback.lower())


@pytest.mark.parametrize("feedback", ["not-spam", "auth-failure", "other", "dmarc", ""])
def test_a_feedback_report_about_something_else_is_none(feedback: str) -> None:
    assert bounce.read(complaint(feedback)).kind is Kind.NONE


@pytest.mark.parametrize(
    "headers",
    [
        {"Subject": "complaint about message from 192.0.2.7", "From": "staff@mail.example"},
        {"Subject": "Email Feedback Report for IP 192.0.2.7"},
        {"Subject": "Junk", "X-HmXmrOriginalRecipient": READER},
    ],
)
def test_a_complaint_of_the_loops_before_the_standard_is_one(headers: dict[str, str]) -> None:
    raw = parts("mixed", ("text/plain", "See below."), ("message/rfc822", f"X-Digest-ID: {TOKEN}\n\nx"), **headers)

    report = bounce.read(raw)

    assert (report.kind, report.token) == (Kind.COMPLAINT, TOKEN)


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto-Submitted": "auto-replied"},
        {"Precedence": "bulk"},
        {"X-Autoreply": "yes"},
        {"Return-Path": "<>"},
        {"Subject": "Out of office: back on Monday"},
        {"Subject": "Automatic reply: Ferries run again"},
    ],
)
def test_the_answer_of_a_machine_asks_for_nothing(headers: dict[str, str]) -> None:
    assert bounce.read(vacation(**headers)).kind is Kind.AUTO_REPLY


def test_a_receipt_is_ignored_also_where_it_says_failed() -> None:
    fields = f"Final-Recipient: rfc822; {READER}\nDisposition: automatic-action/MDN-sent-automatically; failed\n"
    raw = parts("disposition-notification", ("text/plain", "Read."), ("message/disposition-notification", fields))

    assert bounce.read(raw).kind is Kind.NONE


def test_a_letter_of_a_person_is_none() -> None:
    raw = mail("I love it. Is user unknown the name of a band?", sender=READER, Subject="Thank you")

    assert bounce.read(raw).kind is Kind.NONE


@pytest.mark.parametrize("subject", ["unsubscribe", "", "Abmelden"])
def test_a_mail_to_the_address_for_leaving_is_a_wish_to_leave(subject: str) -> None:
    report = bounce.read(wish_to_leave("AbC.d-e_F0123", subject=subject))

    assert (report.kind, report.leave) == (Kind.UNSUBSCRIBE, ("AbC.d-e_F0123",))


def test_a_token_for_leaving_may_stand_in_the_subject() -> None:
    raw = mail("", to="owner@news.example.org", sender=READER, Subject="Unsubscribe AbC.d-e_F0123")

    assert bounce.read(raw).leave == ("AbC.d-e_F0123",)


def test_a_report_that_comes_to_the_address_for_leaving_is_no_wish_to_leave() -> None:
    assert bounce.read(notification(to="unsub+AbC.d-e_F0123@news.example.org")).kind is Kind.HARD
    assert bounce.read(vacation(To="unsub+AbC.d-e_F0123@news.example.org", X_Autoreply="yes")).kind is Kind.AUTO_REPLY


@pytest.mark.parametrize("header", ["To", "Delivered-To", "X-Original-To", "Envelope-To"])
def test_the_token_is_found_where_the_report_was_sent_to(header: str) -> None:
    raw = notification(to="someone@bounce.example.org", original="Subject: x\n")
    raw = f"{header}: <{VERP.upper()}>\n".encode() + raw

    assert bounce.read(raw).tokens == (TOKEN,)


@pytest.mark.parametrize(
    "header", [f"Return-Path: <{VERP}>", f"X-Digest-ID: {TOKEN}", f"> CFBL-Feedback-ID:\n {TOKEN}"]
)
def test_the_token_is_found_in_what_is_returned_of_our_mail(header: str) -> None:
    raw = notification(to="postmaster@news.example.org", original=f"Subject: x\n{header}\n")

    assert bounce.read(raw).tokens == (TOKEN,)


def test_the_recipient_of_the_envelope_comes_first() -> None:
    report = bounce.read(notification(), recipients=["b+1.2.zzzzzzzzzz@bounce.example.org"])

    assert report.tokens == ("1.2.zzzzzzzzzz", TOKEN)


def test_a_mail_that_is_too_large_is_left_unread_with_its_reason() -> None:
    report = bounce.read(notification() + b"x" * LARGEST)

    assert report.kind is Kind.NONE
    assert "at most 10 MB" in report.fault


def test_an_empty_mail_and_one_of_a_thousand_parts_are_left_unread() -> None:
    many = parts("delivery-status", *[("text/plain", "x")] * (MOST_PARTS + 1))

    assert bounce.read(b"\n\n").fault == "the mail is empty"
    assert "more than 60 parts" in bounce.read(many).fault


def test_mails_within_mails_are_not_opened() -> None:
    inner = notification().decode()
    for _ in range(300):
        inner = f"Content-Type: message/rfc822\n\n{inner}"

    assert bounce.read(inner.encode()).kind is Kind.NONE


def test_the_answer_of_the_relay_counts_like_a_report() -> None:
    dead, full = bounce.answered(550, "5.1.1 no such user"), bounce.answered(552, "5.2.2 mailbox full")
    text = bounce.answered(550, "5.1.1 no such user", to_text=True)

    assert dead is not None
    assert (dead.kind, dead.status) == (Kind.HARD, "5.1.1")
    assert full is not None
    assert full.kind is Kind.SOFT
    assert text is not None
    assert text.kind is Kind.SOFT
    assert bounce.answered(250, "2.0.0 ok") is None
