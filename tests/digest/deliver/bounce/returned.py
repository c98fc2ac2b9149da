"""Returned mails about invented people and companies, written as servers, providers and people write them."""

from textwrap import dedent

TOKEN = "42.7.abcdefghij"
READER = "ana@reader.example"
VERP = f"b+{TOKEN}@bounce.example.org"

ORIGINAL = f"""\
Return-Path: <{VERP}>
From: The Morning <morning@news.example.org>
To: {READER}
Subject: Ferries run again
Message-ID: <42.7.aaaaaaaa@news.example.org>
X-Digest-ID: {TOKEN}
CFBL-Feedback-ID: {TOKEN}
List-Id: The Morning <morning.news.example.org>
"""


def mail(body: str, *, to: str = VERP, sender: str = "mailer-daemon@mx.reader.example", **headers: str) -> bytes:
    """Return a plain mail; further headers come as keywords, with underscores for hyphens."""
    more = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in headers.items())
    return f"From: {sender}\nTo: {to}\n{more}\n{dedent(body)}".encode()


def parts(kind: str, *bodies: tuple[str, str], to: str = VERP, **headers: str) -> bytes:
    """Return a multipart/report of *kind*, with (type, text) as its parts."""
    cut = "".join(f"--cut-here\nContent-Type: {kind}\n\n{body}\n" for kind, body in bodies)
    declared = f'multipart/report; report-type={kind}; boundary="cut-here"'
    subject = headers.pop("Subject", "Your mail could not be delivered")
    return mail(f"{cut}--cut-here--\n", to=to, Subject=subject, MIME_Version="1.0", Content_Type=declared, **headers)


def block(
    status: str = "5.1.1",
    diagnostic: str = "smtp; 550 5.1.1 no such mailbox here",
    *,
    action: str = "failed",
    recipient: str = READER,
) -> str:
    """Return the fields of one recipient (RFC 3464)."""
    return f"Final-Recipient: rfc822; {recipient}\nAction: {action}\nStatus: {status}\nDiagnostic-Code: {diagnostic}\n"


def notification(*recipients: str, words: str = "We are sorry.", to: str = VERP, original: str = ORIGINAL) -> bytes:
    """Return a delivery status notification about *recipients*, each a block."""
    fields = "\n".join(["Reporting-MTA: dns; mx.reader.example\n", *(recipients or (block(),))])
    return parts(
        "delivery-status",
        ("text/plain", words),
        ("message/delivery-status", fields),
        ("text/rfc822-headers", original),
        to=to,
    )


def complaint(feedback: str = "abuse", *, to: str = "fbl@news.example.org", original: str = ORIGINAL) -> bytes:
    """Return a feedback report (RFC 5965) whose recipient is blacked out."""
    fields = f"Feedback-Type: {feedback}\nUser-Agent: Loop/1.0\nVersion: 1\n"
    return parts(
        "feedback-report",
        ("text/plain", "A reader of ours has pressed the button."),
        ("message/feedback-report", fields),
        ("message/rfc822", f"{original}\nFerries run again since noon.\n"),
        to=to,
        Subject="Complaint",
    )


def wish_to_leave(token: str, *, subject: str = "unsubscribe") -> bytes:
    """Return the mail that a mail program writes for a reader who leaves."""
    return mail("Please.", to=f"unsub+{token}@news.example.org", sender=READER, Subject=subject)


def vacation(**headers: str) -> bytes:
    """Return what a machine answers for somebody at the sea."""
    return mail("I am at the sea until Monday.", sender=READER, **{"Subject": "At the sea", **headers})
