"""Answers of the relay, which count like reports: a 550 5.1.1 at RCPT is a hard bounce, told at once."""

from digest.deliver.bounce.judging import When, judged, status_in
from digest.deliver.bounce.report import FAILURES, Failure


def answered(code: int, reply: str, *, to_text: bool = False) -> Failure | None:
    """
    Return what the relay's refusal *code* with the words *reply* says about the recipient; None for no refusal.

    *to_text* says that it answered the final dot rather than RCPT: then it judged the mail and not the address.
    """
    kind = judged("", f"{code} {reply}", When.TEXT if to_text else When.RECIPIENT)
    if code < 400 or kind not in FAILURES:
        return None
    return Failure(recipient="", kind=kind, status=status_in(reply), diagnostic=reply[:500])
