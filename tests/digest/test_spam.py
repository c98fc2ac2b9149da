"""What SpamAssassin says is read as it says it, and a program that fails is told from a mail that does."""

import datetime as dt
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from digest import spam
from digest.errors import SpamCheckFailed
from digest.render.lint import Rule, Severity
from digest.spam import SpamScore

#: What the program of that name, version 4.0.1, makes of the mail below with the arguments that it is given.
ANSWER = """\
X-Spam-Checker-Version: SpamAssassin 4.0.1 (2024-03-25) on mail
X-Spam-Level: *
X-Spam-Status: No, score=1.9 required=5.0 tests=DRUGS_ERECTILE,HTML_MESSAGE,
\tMIME_HTML_ONLY,MSGID_SHORT,NO_RECEIVED,NO_RELAYS autolearn=disabled
\tversion=4.0.1
X-Spam-Digest: score=1.9 required=5.0 rules=DRUGS_ERECTILE=1.778,
\tHTML_MESSAGE=0.001,MIME_HTML_ONLY=0.1,MSGID_SHORT=0.001,
\tNO_RECEIVED=-0.001,NO_RELAYS=-0.001
"""
MAIL = """\
From: "Auto Daily" <paper@digest.example>
To: "Ada" <ada@example.org>
Subject: Sodium battery passes its winter test
Message-ID: <1.x@digest.example>
Content-Type: text/html; charset=utf-8

<p>X-Spam-Digest: score=99 required=5.0 rules=NONE=99</p>
"""

Install = Callable[[str], None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Put a program called spamassassin, a script of the shell, before all others."""

    def install(script: str) -> None:
        program = tmp_path / "spamassassin"
        program.write_text(script, encoding="utf-8")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    return install


def answering(tmp_path: Path, answer: str) -> str:
    (tmp_path / "answer").write_text(answer, encoding="utf-8", newline="")
    return f"#!/bin/sh\ncat '{tmp_path}/answer'; cat\n"


def test_score_threshold_and_rules_are_read_with_the_worst_rule_first(install: Install, tmp_path: Path) -> None:
    install(answering(tmp_path, ANSWER))

    assert spam.check(MAIL.encode()) == SpamScore(
        score=1.9,
        required=5.0,
        rules=(
            ("DRUGS_ERECTILE", 1.778),
            ("MIME_HTML_ONLY", 0.1),
            ("HTML_MESSAGE", 0.001),
            ("MSGID_SHORT", 0.001),
            ("NO_RECEIVED", -0.001),
            ("NO_RELAYS", -0.001),
        ),
    )


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_header_may_be_folded_anywhere_and_end_its_lines_in_either_way(
    end: str, install: Install, tmp_path: Path
) -> None:
    folded = "X-Spam-Digest: score=-0.1{}\trequired=5.0{}\trules=none{}".replace("{}", end)
    install(answering(tmp_path, folded))

    assert spam.check(MAIL.replace("\n", end).encode()) == SpamScore(score=-0.1, required=5.0, rules=())


def test_the_mail_is_given_as_it_is_with_local_rules_in_one_language_and_an_empty_home(
    install: Install, tmp_path: Path
) -> None:
    install(
        f"#!/bin/sh\ncat > '{tmp_path}/mail'\n"
        f"echo \"$LC_ALL $*\" > '{tmp_path}/asked'; ls -A \"$HOME\" > '{tmp_path}/home'\n"
        "echo 'X-Spam-Digest: score=0.0 required=5.0 rules=none'\n"
    )

    spam.check(b"\xff\x00" + MAIL.encode())

    asked = (tmp_path / "asked").read_text()
    assert (tmp_path / "mail").read_bytes() == b"\xff\x00" + MAIL.encode()
    assert asked.startswith("C --local --test-mode")
    assert "use_bayes 0" in asked
    assert (tmp_path / "home").read_text() == ""


def test_without_the_program_there_is_no_score(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert spam.check(MAIL.encode()) is None


def test_a_program_that_does_not_answer_is_given_up(install: Install) -> None:
    install("#!/bin/sh\ntail -f /dev/null & wait\n")

    with pytest.raises(SpamCheckFailed, match=r"spamassassin gave no answer within 0\.05 s; see what"):
        spam.check(MAIL.encode(), dt.timedelta(milliseconds=50))


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("#!/bin/sh\necho 'config: no\n rules' >&2; exit 3\n", "spamassassin ended with 3: config: no rules; mend"),
        ("#!/bin/sh\nexit 1\n", "spamassassin ended with 1: no word; mend"),
        ("#!/bin/sh\nkill -9 $$\n", "spamassassin ended with -9"),
        ("#!/bin/sh\necho rubbish\n", r"spamassassin gave no score but 'rubbish\\n'; see what"),
        ("#!/bin/sh\ncat\n", "spamassassin gave no score but 'From: "),
        ("#!/bin/sh\necho 'X-Spam-Digest: score=_SCORE_ required=_REQD_ rules='\n", "gave no score but 'X-Spam"),
        ("#!/no/such/shell\n", "spamassassin cannot be run: No such file"),
    ],
)
def test_a_program_that_fails_is_told_and_no_mail_is_blamed(script: str, message: str, install: Install) -> None:
    install(script)

    with pytest.raises(SpamCheckFailed, match=message):
        spam.check(MAIL.encode())


RULES = (("SUBJ_ALL_CAPS", 1.5), ("HTML_IMAGE_ONLY", 1.2), ("HTML_MESSAGE", 0.001), ("ALL_TRUSTED", -1.0))


def test_a_mail_that_counts_as_spam_is_an_error() -> None:
    (finding,) = spam.findings(SpamScore(score=5.0, required=5.0, rules=RULES))

    assert (finding.severity, finding.rule) == (Severity.ERROR, Rule.SPAM)
    assert "5 points of the 5 that make spam, for SUBJ_ALL_CAPS 1.5, HTML_IMAGE_ONLY 1.2; mend" in finding.message


def test_a_mail_that_scores_more_than_it_must_is_a_warning_that_names_the_worst_rules() -> None:
    rules = tuple((f"RULE_{n}", 0.2) for n in range(7))

    (finding,) = spam.findings(SpamScore(score=1.4, required=5.0, rules=rules))

    assert finding.severity is Severity.WARNING
    assert "RULE_0 0.2, RULE_1 0.2, RULE_2 0.2, RULE_3 0.2, RULE_4 0.2 and 2 more; mend" in finding.message


def test_a_score_without_guilty_rules_is_told_nonetheless() -> None:
    (finding,) = spam.findings(SpamScore(score=2.0, required=5.0, rules=()))

    assert "for no rule that it names" in finding.message


@pytest.mark.parametrize("score", [-2.0, 0.0, 1.0])
def test_a_clean_mail_has_no_findings(score: float) -> None:
    assert spam.findings(SpamScore(score=score, required=5.0, rules=RULES)) == ()
