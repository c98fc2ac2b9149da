"""One line to a relay, driven by hand: what becomes of parcels, without a database."""

import selectors
import time

from digest.deliver.lines import Line
from digest.deliver.relays import Standing
from digest.deliver.smtp import open_line
from digest.deliver.transaction import Ended, Event, Lost, Parcel, Ready, Refused, Reply
from digest.model.message import Outcome
from digest.model.relay import Relay


def exchange(relay: Relay, *parcels: Parcel) -> list[Outcome | Reply]:
    """Hand *parcels* over on one line, until it is lost; return what became of each, or the reply that refused us."""
    line = Line(Standing(relay), open_line(relay))
    waiting, fates = list(parcels), dict.fromkeys(parcels)
    with selectors.DefaultSelector() as selector:
        selector.register(line.sock, line.wants)
        try:
            while waiting or not line.conversation.is_idle:
                if waiting and line.conversation.is_idle:
                    line.conversation.propose(waiting.pop(0))
                events: list[Event] = []
                try:
                    line.write(events, time.monotonic())
                    selector.modify(line.sock, line.wants)
                    assert selector.select(5), "the test has waited for too long"
                    line.read(events, time.monotonic())
                finally:
                    _obey(line, events, waiting, fates)
                if line.conversation.is_closing:
                    fates |= {ended.parcel: ended.outcome for ended in line.abandon("closed")}
                    break
            line.sock.sendall(b"QUIT\r\n")
            line.sock.setblocking(True)
            line.sock.recv(1000)
        except (Lost, OSError) as lost:
            fates |= {ended.parcel: ended.outcome for ended in line.abandon(str(lost))}
        finally:
            line.sock.close()
    return [fate for fate in fates.values() if fate is not None]


def _obey(line: Line, events: list[Event], waiting: list[Parcel], fates: dict[Parcel, Outcome | Reply | None]) -> None:
    for event in events:
        match event:
            case Ready():
                line.conversation.write_message()
                if line.conversation.is_eager and waiting:
                    line.conversation.propose(waiting.pop(0))
            case Ended(parcel=parcel, outcome=outcome):
                fates[parcel] = outcome
            case Refused(parcel=parcel, reply=reply):
                fates[parcel] = reply
