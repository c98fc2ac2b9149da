"""
The conversation on one connection, without I/O: replies in, commands out, and what became of each message.

Commands may run ahead of their replies (RFC 2920); each reply is matched to its command in order. Whoever drives it
writes ``buffers``, says how far it came, hands over what is read, and obeys.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, Self

from digest.errors import DigestError
from digest.model.message import Accepted, Deferred, InDoubt, NotTried, Outcome, Rejected
from digest.model.relay import Conduct

DOT = b".\r\n"
#: A relay that says more in one reply is not listened to any longer: RFC 5321 §4.5.3.1.5 allows a line 512 octets.
LONGEST_REPLY = 16_000

#: The relay is about to close the connection: RFC 5321 §3.8.
CLOSING = 421
_MARKS = frozenset({b" ", b"-", b"\r", b""})


class Lost(DigestError):
    """The connection broke, or what came over it was no SMTP; only this package sees it."""


@dataclass(slots=True, kw_only=True, eq=False)
class Parcel:
    """
    A mail ready for the wire: addresses fit for SMTP, the message with CRLF line ends, none behind them a dot.

    *sender* may be empty. *needs_utf8* tells that an address needs SMTPUTF8 (RFC 6531). *mail* is what its sender knows
    it by; the conversation only hands it back.
    """

    sender: str
    recipient: str
    message: bytes
    needs_utf8: bool = False
    mail: Any = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What the relay answered to one command: RFC 5321 §4.2."""

    code: int
    text: str

    @classmethod
    def of(cls, code: int, words: bytes) -> Self:
        """Return the reply with the *words* that came over the wire."""
        return cls(code, readable(words))

    @property
    def is_yes(self) -> bool:
        """Return whether it did what it was told."""
        return 200 <= self.code < 300

    @property
    def is_temporary(self) -> bool:
        """Return whether trying later may help."""
        return 400 <= self.code < 500

    @property
    def is_permanent(self) -> bool:
        """Return whether trying again is of no use."""
        return 500 <= self.code < 600

    @property
    def closes(self) -> bool:
        """Return whether the relay is about to close the connection: RFC 5321 §3.8."""
        return self.code == CLOSING

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


@dataclass(frozen=True, slots=True)
class Ready:
    """The relay waits for the message: write it with ``write_message``, or close."""

    parcel: Parcel


@dataclass(frozen=True, slots=True)
class Ended:
    """This is what became of a parcel."""

    parcel: Parcel
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Refused:
    """The relay refuses us rather than a recipient; the parcel is not to blame. It is *ours* to mend if permanent."""

    parcel: Parcel
    reply: Reply


Event = Ready | Ended | Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Offers:
    """What the relay said that it can do: *size_limit* in bytes, None where it named none."""

    pipelining: bool = False
    size: bool = False
    size_limit: int | None = None
    utf8: bool = False


class Step(Enum):
    """Which reply we wait for."""

    RESET = auto()
    MAIL = auto()
    RCPT = auto()
    DATA = auto()
    DOT = auto()
    #: To a lone dot, which ended a message that was never begun.
    VOID = auto()
    QUIT = auto()


class _Turn:
    """One parcel on its way through the commands."""

    __slots__ = ("parcel", "said")

    def __init__(self, parcel: Parcel) -> None:
        self.parcel = parcel
        #: What has been said about it already: nothing that follows matters.
        self.said = False


class Conversation:
    """
    What we and a relay have to say to each other once we have greeted and signed in.

    ``is_closing`` tells the driver to take no more from it and close; then ``abandon`` says what became of the rest.
    """

    def __init__(self, offers: Offers, conduct: Conduct) -> None:
        self.offers = offers
        is_ahead = offers.pipelining and conduct is not Conduct.LOCK_STEP
        self._is_ahead = is_ahead
        self.is_eager = is_ahead and conduct is Conduct.EAGER
        self.buffers: deque[bytes | memoryview] = deque()
        self.is_closing = False
        #: Messages that were written whole.
        self.messages = 0
        self._expected: deque[tuple[Step, _Turn | None]] = deque()
        self._held: deque[tuple[Step, bytes]] = deque()
        self._turns: deque[_Turn] = deque()
        self._needs_reset = False
        self._heard = b""
        self._lines: list[bytes] = []
        self._said_bytes = 0
        self._put = self._written = 0
        self._dot_at: int | None = None

    @property
    def is_idle(self) -> bool:
        """Return whether nothing is under way."""
        return not self._expected and not self._held

    @property
    def awaits(self) -> Step | None:
        """Return which reply comes next; None when none is due."""
        return self._expected[0][0] if self._expected else None

    @property
    def parcels(self) -> list[Parcel]:
        """Return what is under way, in its order."""
        return [turn.parcel for turn in self._turns]

    def propose(self, parcel: Parcel) -> None:
        """Say who mails whom."""
        turn = _Turn(parcel)
        self._turns.append(turn)
        commands = list(self._envelope(parcel))
        if self._is_ahead:
            self._put_out(b"".join(words for _, words in commands))
            self._expected.extend((step, turn) for step, _ in commands)
        else:
            self._held.extend(commands)
            self._next_held()

    def _envelope(self, parcel: Parcel) -> Iterable[tuple[Step, bytes]]:
        if self._needs_reset:
            self._needs_reset = False
            yield Step.RESET, b"RSET\r\n"
        size = f" SIZE={len(parcel.message)}" if self.offers.size else ""
        utf8 = " SMTPUTF8" if parcel.needs_utf8 else ""
        yield Step.MAIL, f"MAIL FROM:<{parcel.sender}>{size}{utf8}\r\n".encode()
        yield Step.RCPT, f"RCPT TO:<{parcel.recipient}>\r\n".encode()
        yield Step.DATA, b"DATA\r\n"

    def _next_held(self) -> None:
        if self._held:
            step, words = self._held.popleft()
            self._expected.append((step, self._turns[-1]))
            self._put_out(words)

    def write_message(self) -> None:
        """Write the message that the relay waits for, and its final dot."""
        turn = self._turns[0]
        message = turn.parcel.message
        self.buffers.append(message)
        self.buffers.append(DOT)
        self._put += len(message) + len(DOT)
        self._dot_at = self._put
        self._expected.append((Step.DOT, turn))

    def quit(self) -> None:
        """Take leave."""
        self._expected.append((Step.QUIT, None))
        self._put_out(b"QUIT\r\n")

    def written(self, count: int) -> None:
        """Take note that *count* bytes of ``buffers`` were written."""
        self._written += count
        if self._dot_at is not None and self._written >= self._dot_at:
            self._dot_at = None
            self.messages += 1
        while count:
            first = self.buffers.popleft()
            if count < len(first):
                self.buffers.appendleft(memoryview(first)[count:])
                return
            count -= len(first)

    def receive(self, data: bytes, events: list[Event]) -> None:
        """Take what the relay said, and add to *events* what it means; Lost when that is no SMTP."""
        lines = (self._heard + data if self._heard else data).split(b"\n")
        self._heard = lines.pop()
        for line in lines:
            code, mark, words = line[:3], line[3:4], line[4:].rstrip(b"\r")
            if not (len(code) == 3 and code.isdigit() and b"200" <= code < b"600" and mark in _MARKS):
                raise Lost(f"the relay answered something that is no SMTP reply: {readable(line)[:80]}")
            self._lines.append(words)
            if mark == b"-":
                self._said_bytes += len(line)
                self._bound()
                continue
            words, self._lines, self._said_bytes = b" ".join(self._lines), [], 0
            if len(words) > LONGEST_REPLY:
                self._bound(len(words))
            self._take(int(code), words, events)
            if self.is_closing:
                break
        if self._heard:
            self._bound(len(self._heard))

    def _bound(self, more: int = 0) -> None:
        """Refuse to listen to a reply that does not end."""
        if self._said_bytes + more > LONGEST_REPLY:
            raise Lost(f"the relay gave a reply of more than {LONGEST_REPLY} bytes")

    def abandon(self, reason: str) -> list[Ended]:
        """Return what became of what was under way, now that the connection is gone."""
        self.is_closing = True
        ended = []
        is_written = self._is_dot_out
        for turn in self._turns:
            if not turn.said:
                ended.append(Ended(turn.parcel, InDoubt(reason=reason) if is_written else NotTried(reason=reason)))
            is_written = False  # only the first one's message can have been written
        self._turns.clear()
        return ended

    @property
    def _is_dot_out(self) -> bool:
        return self._dot_at is None and any(step is Step.DOT for step, _ in self._expected)

    def _put_out(self, words: bytes) -> None:
        self.buffers.append(words)
        self._put += len(words)

    def _take(self, code: int, words: bytes, events: list[Event]) -> None:
        if not self._expected:
            self.is_closing = True
            if code != CLOSING:
                raise Lost(f"the relay spoke unasked: {Reply.of(code, words)}")
            return
        step, turn = self._expected[0]
        if step is Step.DOT and self._dot_at is not None:
            self._cut_short(Reply.of(code, words), events)
            return
        self._expected.popleft()
        if turn is None or step is Step.RESET:
            self.is_closing = step is Step.QUIT or code == CLOSING or (step is Step.RESET and code >= 300)
        elif step is Step.DOT:
            self._judge_dot(turn, Reply.of(code, words), events)
        elif turn.said:
            self._pass_over(step, code)
        elif step is Step.DATA and code == 354:
            events.append(Ready(turn.parcel))
        elif step is Step.DATA or code >= 300:
            self._judge(step, turn, Reply.of(code, words), events)
        if not self._is_ahead and not self.is_closing and not self._expected:
            self._next_held()

    def _pass_over(self, step: Step, code: int) -> None:
        """Take a reply about a parcel whose fate is known."""
        self.is_closing = code == CLOSING
        if step is Step.DATA and code == 354:
            # Nobody is to get it: a lone dot ends what must not be sent.
            self._put_out(DOT)
            self._expected.append((Step.VOID, None))

    def _judge(self, step: Step, turn: _Turn, reply: Reply, events: list[Event]) -> None:
        """Take a reply, other than a yes, to a command that comes before the message."""
        if reply.closes:
            self.is_closing = True
            self._end(turn, NotTried(reason=str(reply), code=reply.code), events)
        elif reply.is_yes or reply.code == 503 or not (reply.is_temporary or reply.is_permanent):
            raise Lost(f"the relay gave a reply that has no meaning here: {reply}")
        elif step is Step.MAIL or reply.code == 530:
            # No recipient is at fault when the relay refuses at MAIL, or wants a sign-in first.
            self._needs_reset = step is not Step.MAIL
            self._say(turn)
            events.append(Refused(turn.parcel, reply))
        else:
            self._needs_reset = True
            # 552 at RCPT is temporary: RFC 5321 §4.5.3.1.10.
            is_full = step is Step.RCPT and reply.code == 552
            self._end(turn, _outcome(Reply(452, reply.text) if is_full else reply, at_dot=False), events)

    def _judge_dot(self, turn: _Turn, reply: Reply, events: list[Event]) -> None:
        """Any reply to the dot is a reply: after 421 too, the relay has not taken the message."""
        self.is_closing = self.is_closing or reply.closes
        if not (reply.is_yes or reply.is_temporary or reply.is_permanent):
            self._expected.appendleft((Step.DOT, turn))
            raise Lost(f"the relay gave a reply that has no meaning here: {reply}")
        self._end(turn, _outcome(reply), events)

    def _cut_short(self, reply: Reply, events: list[Event]) -> None:
        """Take a reply that came before the message was written: the rest of it cannot be taken back, so we leave."""
        turn = self._turns[0]
        self.is_closing = True
        self.buffers.clear()
        if reply.closes or not (reply.is_temporary or reply.is_permanent):
            self._end(turn, NotTried(reason=f"the relay broke off within the message: {reply}"), events)
        else:
            self._end(turn, _outcome(reply), events)

    def _end(self, turn: _Turn, outcome: Outcome, events: list[Event]) -> None:
        self._say(turn)
        events.append(Ended(turn.parcel, outcome))

    def _say(self, turn: _Turn) -> None:
        turn.said = True
        self._turns.remove(turn)
        if not self._is_ahead:
            self._held.clear()


def _outcome(reply: Reply, *, at_dot: bool = True) -> Outcome:
    if reply.is_yes:
        return Accepted(code=reply.code, reply=reply.text)
    if reply.is_temporary:
        return Deferred(code=reply.code, reply=reply.text)
    return Rejected(code=reply.code, reply=reply.text, at_dot=at_dot)


def readable(text: bytes) -> str:
    """Return *text* on one line of printable characters."""
    if text.isascii() and (told := text.decode("ascii")).isprintable():
        return " ".join(told.split())
    return " ".join("".join(c if c.isprintable() else " " for c in text.decode("utf-8", "replace")).split())
