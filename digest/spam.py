"""What SpamAssassin says of a mail, by its local rules alone: nothing about the mail leaves this machine."""

import os
import re
import shutil
import signal
import subprocess
import tempfile
from dataclasses import dataclass
from datetime import timedelta

from digest.errors import SpamCheckFailed
from digest.render.lint import Finding, Rule, Severity

PROGRAM = "spamassassin"
#: A mail of 100 KB takes about a second.
PATIENCE = timedelta(seconds=60)
#: A newsletter that scores more than this has something about it that can be mended.
CLEAN = 1.0

#: Adds a header in a shape of our own, so that no locale and no report template changes it.
_HEADER = "X-Spam-Digest"
_ARGUMENTS = (
    "--local",
    "--test-mode",
    "--nocreate-prefs",
    "--prefspath=/dev/null",
    "--cf=add_header all Digest score=_SCORE_ required=_REQD_ rules=_TESTSSCORES(,)_",
    # What other mails taught it, or would learn from this one, says nothing about this one.
    "--cf=use_bayes 0",
    "--cf=use_auto_whitelist 0",
)
_NUMBER = r"-?\d+(?:\.\d+)?"
_SCORES = re.compile(
    rf"^{_HEADER}: score=(?P<score>{_NUMBER})\s+required=(?P<required>{_NUMBER})\s+rules=(?P<rules>.*)$", re.MULTILINE
)
_RULE = re.compile(rf"(\w+)=({_NUMBER})")
_FOLD = re.compile(r"\r?\n[ \t]+")
_NAMED = 5
#: Rules that only say what there is have a thousandth of a point.
_LEAST = 0.01


@dataclass(frozen=True, slots=True)
class SpamScore:
    """What a mail scores, from where on it is spam, and the points of each rule that it met, the worst first."""

    score: float
    required: float
    rules: tuple[tuple[str, float], ...]


def check(message: bytes, patience: timedelta = PATIENCE) -> SpamScore | None:
    """
    Return the score of *message* as it is sent, None where SpamAssassin is not installed.

    SpamCheckFailed when it gives no score, or none within *patience*.
    """
    program = shutil.which(PROGRAM)
    if program is None:
        return None
    with tempfile.TemporaryDirectory() as home:
        answer = _ask(program, message, home, patience)
    head = _FOLD.sub(" ", answer.partition("\n\n")[0].replace("\r\n", "\n"))
    match = _SCORES.search(head)
    if match is None:
        raise SpamCheckFailed(f"{PROGRAM} gave no score but {answer[:80]!r}; see what `{PROGRAM} --lint` says")
    rules = [(name, float(points)) for name, points in _RULE.findall(match["rules"])]
    return SpamScore(
        score=float(match["score"]),
        required=float(match["required"]),
        rules=tuple(sorted(rules, key=lambda rule: -rule[1])),
    )


def findings(score: SpamScore) -> tuple[Finding, ...]:
    """Return what an editor should know of *score*, nothing where it is as good as it should be."""
    if score.score <= CLEAN:
        return ()
    guilty = [f"{name} {points:g}" for name, points in score.rules if points > _LEAST]
    more = f" and {len(guilty) - _NAMED} more" if guilty[_NAMED:] else ""
    message = (
        f"SpamAssassin gives this mail {score.score:g} points of the {score.required:g} that make spam, for "
        f"{', '.join(guilty[:_NAMED]) or 'no rule that it names'}{more}; mend what these rules name"
    )
    return (Finding(Severity.ERROR if score.score >= score.required else Severity.WARNING, Rule.SPAM, message),)


def _ask(program: str, message: bytes, home: str, patience: timedelta) -> str:
    # It looks for preferences below HOME and writes the mail below TMPDIR; both go with the folder.
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "HOME": home, "TMPDIR": home}
    try:
        asked = subprocess.Popen(  # noqa: S603 (found on PATH by its name; the message goes to its standard input)
            [program, *_ARGUMENTS],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )
    except OSError as fault:
        raise SpamCheckFailed(f"{program} cannot be run: {fault.strerror}; install SpamAssassin anew") from fault
    with asked:
        try:
            answer, complaint = asked.communicate(message, timeout=patience.total_seconds())
        except subprocess.TimeoutExpired:
            # With all that it has started.
            os.killpg(asked.pid, signal.SIGKILL)
            raise SpamCheckFailed(
                f"{PROGRAM} gave no answer within {patience.total_seconds():g} s; see what `{PROGRAM} --lint` says"
            ) from None
    if asked.returncode != 0:
        told = " ".join(complaint.decode("utf-8", "replace").split())
        raise SpamCheckFailed(f"{PROGRAM} ended with {asked.returncode}: {told[:200] or 'no word'}; mend its settings")
    return answer.decode("utf-8", "replace")
