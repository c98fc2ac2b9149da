"""The mailbox that reports are delivered to: looked through in slices over IMAP (RFC 3501), never held as a whole."""

import imaplib
import re
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self

from digest.deliver.bounce.parsing import LARGEST, WINDOW
from digest.errors import DigestError
from digest.model.bounces import AfterReading, ReportBox
from digest.model.relay import Security

#: So many mails of the folder are looked through at once for those that have not been read.
SPAN = 1000
#: So many are read, recorded and marked together.
SLICE = 50

_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")
#: A name that goes to the server in quotation marks.
_UNQUOTABLE = re.compile(r"[^\x20-\x7e]")


class MailboxFailed(DigestError):
    """The operator must mend the settings of the mailbox, or wait for its server; the message says which."""


class Mailbox:
    """A folder on an IMAP server, open. A context manager: it takes leave of the server."""

    def __init__(self, box: ReportBox) -> None:
        """Connect, sign in and open the folder of *box*; MailboxFailed when one of these fails."""
        self._box = box
        #: What could not be fetched is not asked for again.
        self._given_up: set[bytes] = set()
        with _in_words(box):
            self._imap = _connected(box)
            try:
                _sign_in(self._imap, box)
                answered = _done(self._imap.select(_quoted(box.folder)), f"open the folder {box.folder}")
                self._count = int(answered[0] or 0)
            except BaseException:
                self._imap.shutdown()
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_fault: object) -> None:
        try:
            self._imap.logout()
        except (imaplib.IMAP4.error, OSError):
            self._imap.shutdown()

    def slices(self) -> Iterator[Sequence[bytes]]:
        """
        Yield the UIDs of mails that have not been read, a slice at a time, the oldest first.

        Each slice must be marked before the next is asked for.
        """
        start = 1
        while start <= self._count:
            unread = self._unread(start)
            if not unread:
                start += SPAN
                continue
            yield unread[:SLICE]

    def fetch(self, uid: bytes) -> bytes | None:
        """Return the mail called *uid*, or its beginning; None when it is too large or cannot be had."""
        with _in_words(self._box):
            # PEEK leaves it unread, until it has been recorded.
            kind, data = self._imap.uid("FETCH", uid.decode(), f"(RFC822.SIZE BODY.PEEK[]<0.{WINDOW}>)")
        body = next((item for item in data if isinstance(item, tuple)), None) if kind == "OK" else None
        size = None if body is None else _SIZE.search(b" ".join(_flat(data)))
        if body is None or size is None or int(size[1]) > LARGEST:
            return None
        return bytes(body[1])

    def mark(self, read: Sequence[bytes], unreadable: Sequence[bytes]) -> None:
        """Do with the mails *read* what the settings say; *unreadable* ones stay, seen and flagged, for a person."""
        self._given_up.update(unreadable)
        with _in_words(self._box):
            if unreadable:
                _done(self._imap.uid("STORE", _set(unreadable), "+FLAGS.SILENT", r"(\Seen \Flagged)"), "flag mails")
            if not read:
                return
            if self._box.after is AfterReading.SEEN:
                _done(self._imap.uid("STORE", _set(read), "+FLAGS.SILENT", r"(\Seen)"), "mark mails as seen")
            elif self._box.after is AfterReading.DELETE:
                self._remove(read)
            else:
                self._move(read)

    def _unread(self, start: int) -> list[bytes]:
        with _in_words(self._box):
            span = f"{start}:{min(start + SPAN - 1, self._count)}"
            found = _done(self._imap.uid("SEARCH", span, "UNSEEN", "UNDELETED"), "search the folder")
        return [uid for line in found if line for uid in line.split() if uid not in self._given_up]

    def _move(self, uids: Sequence[bytes]) -> None:
        target = _quoted(self._box.move_to)
        has_move = "MOVE" in self._imap.capabilities  # RFC 6851
        verb = "MOVE" if has_move else "COPY"
        kind, answer = self._imap.uid(verb, _set(uids), target)
        if kind != "OK":
            _done(self._imap.create(target), f"make the folder {self._box.move_to}")
            kind, answer = self._imap.uid(verb, _set(uids), target)
        _done((kind, answer), f"move mails to {self._box.move_to}")
        if has_move:
            self._count = max(0, self._count - len(uids))
        else:
            self._remove(uids)

    def _remove(self, uids: Sequence[bytes]) -> None:
        # Seen too: where they cannot be taken out, they are still not read again.
        _done(self._imap.uid("STORE", _set(uids), "+FLAGS.SILENT", r"(\Seen \Deleted)"), "delete mails")
        if "UIDPLUS" in self._imap.capabilities:  # RFC 4315: takes out ours, and nobody else's
            _done(self._imap.uid("EXPUNGE", _set(uids)), "delete mails")
        else:
            _done(self._imap.expunge(), "delete mails")
        self._count = max(0, self._count - len(uids))


def _connected(box: ReportBox) -> imaplib.IMAP4:
    seconds = box.timeout.total_seconds()
    if box.security is Security.TLS:
        return imaplib.IMAP4_SSL(box.host, box.port, ssl_context=ssl.create_default_context(), timeout=seconds)
    imap = imaplib.IMAP4(box.host, box.port, timeout=seconds)
    if box.security is Security.STARTTLS:
        try:
            imap.starttls(ssl.create_default_context())
        except BaseException:
            imap.shutdown()
            raise
    return imap


def _sign_in(imap: imaplib.IMAP4, box: ReportBox) -> None:
    if not box.username:
        return
    try:
        if "AUTH=PLAIN" in imap.capabilities:
            said = f"\0{box.username}\0{box.password}".encode()
            imap.authenticate("PLAIN", lambda _challenge: said)
        else:
            imap.login(_quoted(box.username), box.password)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error:
        # What the server says may repeat what we sent.
        raise MailboxFailed(f"{box} does not let us in; check [bounces] imap_username and imap_password") from None


def _done(answer: tuple[str, list[Any]], what: str) -> list[Any]:
    kind, data = answer
    if kind != "OK":
        words = b" ".join(_flat(data)).decode("ascii", "replace")[:200]
        raise imaplib.IMAP4.error(f"it did not {what}: {words}")
    return data


def _flat(data: list[Any]) -> list[bytes]:
    return [part for item in data if item for part in (item if isinstance(item, tuple) else (item,))]


def _set(uids: Sequence[bytes]) -> str:
    return b",".join(uids).decode()


def _quoted(name: str) -> str:
    if _UNQUOTABLE.search(name):
        raise MailboxFailed(f"the name {name!r} holds letters beyond ASCII; give folders and users in ASCII")
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


@contextmanager
def _in_words(box: ReportBox) -> Iterator[None]:
    """Turn whatever goes wrong with the server into MailboxFailed with one sentence."""
    try:
        yield
    except ssl.SSLError as fault:
        raise MailboxFailed(
            f"{box} cannot be trusted or spoken to securely: {fault.reason}; check imap_security"
        ) from fault
    except (imaplib.IMAP4.error, OSError, UnicodeError, ValueError) as fault:
        reason = getattr(fault, "strerror", None) or str(fault) or type(fault).__name__
        raise MailboxFailed(f"{box} failed: {reason}; the next look begins where this one ended") from fault
