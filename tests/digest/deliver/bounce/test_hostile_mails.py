"""Whatever a stranger sends is read without a fault of ours, and never without end."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.deliver import bounce
from digest.deliver.bounce import Kind, Report
from digest.deliver.bounce.phrases import Cause, causes
from tests.digest.deliver.bounce.returned import complaint, notification, wish_to_leave

SEEDS = [notification(), complaint(), wish_to_leave("AbC.d-e_F0123")]
#: Pieces that headers, fields and parts are made of, and what breaks them.
PIECES = st.sampled_from(
    [
        b"\n", b"\r\n", b"\n\n", b":", b"--cut-here\n", b"--cut-here--\n", b"Content-Type: multipart/mixed; boundary=",
        b"Content-Type: message/delivery-status\n\n", b"Content-Type: message/rfc822\n\n",
        b"From: ", b"To: ",
        b"Content-Transfer-Encoding: base64\n", b"Content-Type: text/plain; charset=utf-7\n", b"charset=\xff",
        b"=?utf-8?b?",
        b"Final-Recipient: rfc822;", b"Status: 5.1.1\n", b"Status: ", b"Action: failed\n", b"Diagnostic-Code: ",
        b"\x00",
        b"Feedback-Type: abuse\n", b"Subject: ", b"b+1.2.abcdefghij@x", b"550 5.1.1 ", b"user unknown",
        b"\xff\xfe", b"=?",
        b"Subject: Undelivered\n", b"Return-Path: <>\n", b"Auto-Submitted: ", b";" * 50, b'"' * 9,
        b" " * 200, b"9" * 400,
    ]
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(PIECES | st.binary(max_size=30), max_size=40))
def test_any_pile_of_pieces_gives_a_report(pieces: list[bytes]) -> None:
    report = bounce.read(b"".join(pieces))

    assert isinstance(report, Report)
    assert "could not be read" not in report.fault


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(SEEDS), st.randoms(use_true_random=False))
def test_a_damaged_report_gives_a_report(seed: bytes, chance: random.Random) -> None:
    damaged = bytearray(seed)
    for _ in range(chance.randrange(1, 12)):
        at = chance.randrange(len(damaged) + 1)
        damaged[at : at + chance.randrange(0, 30)] = bytes(chance.randrange(256) for _ in range(chance.randrange(0, 8)))

    report = bounce.read(bytes(damaged))

    assert isinstance(report.kind, Kind)
    assert "could not be read" not in report.fault


@pytest.mark.parametrize("seed", SEEDS)
def test_a_report_that_breaks_off_anywhere_gives_a_report(seed: bytes) -> None:
    reports = [bounce.read(seed[:end]) for end in range(0, len(seed), 7)]

    assert all("could not be read" not in report.fault for report in reports)


@pytest.mark.parametrize(
    "raw",
    [
        b"Content-Type: message/delivery-status\n\n" + b"a: b\n\n" * 300_000,
        b"Subject: failure notice\n\n" + b"user " * 400_000,
        b"Subject: failure notice\n\n" + b"(" * 500_000,
        b"Subject: failure notice\n\n" + b"a@b.example 550 " * 60_000,
        b"Subject: failure notice\nContent-Type: text/html\n\n" + b"<" * 500_000,
        b"Subject: " + b"x\n " * 300_000,
        b"To: " + b"b+1.2.abcdefghij@x.example, " * 30_000,
        b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(50))
        + b"\n" * 500_000,
        b"X-Digest-ID: " + b"\n X-Digest-ID: " * 60_000,
    ],
    ids=["blocks", "words", "brackets", "addresses", "tags", "folds", "recipients", "nesting", "tokens"],
)
def test_a_bomb_is_read_in_bounds(raw: bytes) -> None:
    report = bounce.read(raw)

    assert len(report.failures) <= 200
    assert len(report.tokens) <= 20


@given(st.text(max_size=3000))
def test_words_are_searched_without_a_fault(text: str) -> None:
    assert len(causes(text)) <= len(Cause)
