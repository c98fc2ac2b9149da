"""A line: one open connection that never blocks, and the conversation on it."""

import selectors
import ssl
from contextlib import suppress
from itertools import islice

from digest.deliver.relays import Standing
from digest.deliver.smtp import Opened
from digest.deliver.transaction import Conversation, Ended, Event, Lost, Step

#: Bytes asked for at once; replies are short.
_READ = 16_384
#: Buffers handed over at once.
_GATHER = 8
#: RFC 5321 §4.5.3.2, in seconds; the relay's own settings may ask for less.
_PATIENCE = {Step.MAIL: 300.0, Step.RCPT: 300.0, Step.DATA: 120.0, Step.RESET: 300.0, Step.VOID: 300.0, Step.QUIT: 5.0}
#: For each block of a message to be taken.
_BLOCK = 180.0
_BOTH = selectors.EVENT_READ | selectors.EVENT_WRITE


class Line:
    """One connection to a relay."""

    def __init__(self, standing: Standing, opened: Opened) -> None:
        self.standing = standing
        self.sock = opened.sock
        self.conversation = Conversation(opened.offers, standing.relay.conduct)
        self._is_tls = isinstance(self.sock, ssl.SSLSocket)
        longest = standing.relay.timeout.total_seconds()
        self._patience = {step: min(seconds, longest) for step, seconds in _PATIENCE.items()}
        self._patience[Step.DOT] = max(standing.relay.dot_timeout.total_seconds(), longest)
        self._block = min(_BLOCK, longest)
        #: Which events of the socket are watched.
        self.watched = selectors.EVENT_READ
        #: In monotonic seconds: when the relay has been silent for too long.
        self.deadline: float | None = None
        #: Messages handed over, or begun.
        self.begun = 0

    def write(self, events: list[Event], now: float) -> None:
        """
        Write what there is, as far as the relay takes it; Lost when the connection has gone.

        What the relay said before it went is added to *events*: it may have had enough of a message before its end.
        """
        conversation = self.conversation
        try:
            while conversation.buffers:
                buffers = conversation.buffers
                if self._is_tls or len(buffers) == 1:
                    count = self.sock.send(buffers[0])
                else:
                    count = self.sock.sendmsg(list(islice(buffers, _GATHER)))
                conversation.written(count)
        except (BlockingIOError, ssl.SSLWantWriteError, ssl.SSLWantReadError):
            pass
        except OSError as fault:
            with suppress(Lost):
                self.read(events, now)
            raise Lost(_why(fault)) from fault
        self._set_deadline(now)

    def read(self, events: list[Event], now: float) -> None:
        """Read what the relay says, and add to *events* what it means; Lost when the connection has gone."""
        try:
            while True:
                data = self.sock.recv(_READ)
                if not data:
                    raise Lost("the relay closed the connection")
                self.conversation.receive(data, events)
                if not self._is_tls or self.conversation.is_closing:
                    break
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            pass
        except OSError as fault:
            raise Lost(_why(fault)) from fault
        self._set_deadline(now)

    def abandon(self, reason: str) -> list[Ended]:
        """Close the connection, and return what became of what was under way."""
        self.sock.close()
        return self.conversation.abandon(reason)

    @property
    def wants(self) -> int:
        """Return which events of the socket matter."""
        return _BOTH if self.conversation.buffers else selectors.EVENT_READ

    def _set_deadline(self, now: float) -> None:
        step = self.conversation.awaits
        if step is None:
            self.deadline = None
        elif step is Step.DOT and self.conversation.buffers:
            self.deadline = now + self._block
        else:
            self.deadline = now + self._patience[step]


def _why(fault: OSError) -> str:
    return fault.strerror or str(fault) or type(fault).__name__
