"""One round of a sender: one thread, many conversations at once, each mail accounted for."""

import selectors
import socket
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Generic, TypeVar

from digest.deliver import retry
from digest.deliver.clerk import Batch, Clerk, Terms
from digest.deliver.courier import Courier, DeliverReport, Letter
from digest.deliver.journal import JournalFailed
from digest.deliver.lines import Line
from digest.deliver.outbox import Outbox
from digest.deliver.pace import Gates
from digest.deliver.relays import FRUITLESS_CONNECTIONS, Standing
from digest.deliver.smtp import Opened, RelayBusy, open_line
from digest.deliver.transaction import Ended, Event, Lost, Parcel, Ready, Refused, Step
from digest.deliver.waiting import Waiting
from digest.errors import RelayHalted, TemplateError
from digest.logs import logger
from digest.model.delivery import Claimed, DeliveryState, Reason, Settlement, enhanced
from digest.model.message import Accepted, Deferred, NotTried, Rejected
from digest.model.relay import Relay

log = logger(__name__)

Key = TypeVar("Key")
Item = TypeVar("Item")

#: A lease is renewed at most so often; each mail then begins with nearly the whole of it before it.
HEARTBEAT = timedelta(minutes=1)
#: In seconds: what is known is written down, and it is asked whether the Edition was paused, at least so often.
WRITE_DOWN_EVERY, ASK_EVERY = 1.0, 1.0
#: A pace that lets nothing through for longer than this ends the round.
REST = timedelta(minutes=1)
#: So long a mail that the pace sent back waits at most, for the operator may change it.
LONGEST_REST = timedelta(minutes=10)
#: A mail that broke so many connections in this round is left for a while.
TRIES = 3
#: So many mails must have been tried before their refusals for policy tell anything.
FEWEST_TRIED = 20
#: After so many replies of 421 or 451 in a row, a domain is left alone; after one of 4.7.x at once.
STRIKES = 2
#: By so many mails, divided by its weight, a relay may run ahead of its part.
LEAD = 5.0
#: In seconds: for a relay that has begun nothing for so long, the others do not wait.
STALLED_AFTER = 3.0
#: In seconds, for the last word to a relay.
_LEAVE_WITHIN = 1.0


class Round(Generic[Key, Item]):
    """Claimed mail on its way."""

    def __init__(
        self,
        courier: Courier,
        outbox: Outbox[Key, Item],
        letter: Letter[Item],
        report: DeliverReport,
        progress: Callable[[DeliverReport], None] | None,
    ) -> None:
        self._courier = courier
        self._outbox = outbox
        self._letter = letter
        self._report = report
        self._progress = progress
        for standing in courier.standings:
            standing.share = 0.0
        manners = courier.manners
        self._journal = courier.journal(outbox.kind)
        self._gates = Gates(courier.pace, manners.domains)
        self._waiting: Waiting[Key, Item] = Waiting(self._gates)
        self._held: dict[Key, Claimed[Key, Item]] = {}
        self._renewed_at = self._confirmed_at = courier.clock.now()
        terms = Terms(
            owner=courier.name,
            clock=courier.clock,
            lease=manners.lease,
            patience=manners.patience,
            stop=courier.stop,
        )
        self._selector = selectors.DefaultSelector()
        self._ear, self._bell = socket.socketpair()
        self._ear.setblocking(False)
        self._bell.setblocking(False)
        self._selector.register(self._ear, selectors.EVENT_READ)
        self._clerk: Clerk[Key, Item] = Clerk(outbox, terms, self._ring)
        self._dialler = ThreadPoolExecutor(8, thread_name_prefix="dialler")
        self._lines: dict[Line, None] = {}
        self._idle: dict[Line, None] = {}
        self._dialling: dict[Future[Opened], Standing] = {}
        self._claiming: Future[Batch[Key, Item]] | None = None
        self._asking: Future[bool] | None = None
        self._extending: tuple[Future[set[Key]], set[Key]] | None = None
        self._settling: list[tuple[Future[Sequence[Settlement[Key]]], Sequence[Settlement[Key]]]] = []
        self._done: list[Settlement[Key]] = []
        #: How many were handed in and are not known to be in the database.
        self._unconfirmed = 0
        self._written_down_at = self._asked_at = time.monotonic()
        self._unusable: dict[str, RelayHalted] = {}
        self._strikes: Counter[str] = Counter()
        self._probation: set[str] = set()
        self._tries: Counter[Key] = Counter()
        #: Those whose messages may have been completed, as the journal has it.
        self._begun: set[Key] = set()
        self._tried = self._policy = 0
        self._is_dry = False
        self._is_called_off = False
        self._fault: BaseException | None = None

    def carry(self) -> None:
        """Send what is due; whatever happens, settle what is known and put the rest back."""
        try:
            while self._goes_on():
                self._claim()
                self._dial()
                self._feed()
                for key, mask in self._selector.select(self._pause()):
                    if key.data is None:
                        self._ear.recv(4096)
                    else:
                        self._serve(key.data, mask)
                self._collect()
                self._expire()
                self._keep_up()
        finally:
            self._close()
        if self._fault is not None:
            raise self._fault

    # -- what goes on ----------------------------------------------------------------------------------------------

    @property
    def _is_ending(self) -> bool:
        return self._courier.stop.is_set() or self._is_called_off or self._fault is not None

    def _goes_on(self) -> bool:
        if not self._is_ending and not self._usable:
            self._halt()
        if self._is_ending:
            busy = [line for line in self._lines if not line.conversation.is_idle]
            for line in busy:
                if line.conversation.awaits is not Step.DOT:
                    self._drop(line, "the sender stops")
            return any(line in self._lines for line in busy) or self._claiming is not None
        return bool(self._held) or self._claiming is not None or not self._is_dry

    @property
    def _usable(self) -> list[Standing]:
        return [s for s in self._courier.standings if s.relay.name not in self._unusable]

    def _halt(self) -> None:
        """End: no relay takes anything."""
        faults = list(self._unusable.values())
        self._report.halted = "; ".join(str(fault) for fault in faults) or "there is no relay to send through"
        self._report.needs_operator = any(not isinstance(fault, RelayBusy) for fault in faults)
        self._is_called_off = True

    def _give_up(self, standing: Standing, fault: RelayHalted) -> None:
        """Use this relay no more in this round."""
        if standing.relay.name not in self._unusable:
            self._unusable[standing.relay.name] = fault
            log.warning("a relay takes no mail", relay=standing.relay.name, fault=str(fault))
            self._report.faults.append(str(fault))
            if isinstance(fault, RelayBusy):
                standing.back_off(time.monotonic())

    def _ring(self) -> None:
        with suppress(BlockingIOError):  # those before it have not been heard yet
            self._bell.send(b"!")

    def _pause(self) -> float:
        """Return for how many seconds nothing needs to be done unless something is heard."""
        next_at = self._waiting.next_at
        if next_at is None or not self._idle:
            return WRITE_DOWN_EVERY
        return min(max((next_at - self._courier.clock.now()).total_seconds(), 0.01), WRITE_DOWN_EVERY)

    # -- claims ----------------------------------------------------------------------------------------------------

    def _claim(self) -> None:
        if self._claiming is None and self._has_room and not self._is_ending:
            self._claiming = self._clerk.claim(self._courier.manners.batch)

    @property
    def _has_room(self) -> bool:
        """Return whether there may be more mail that is due, and there is room for it here."""
        return not self._is_dry and len(self._waiting) * 2 <= self._courier.manners.batch

    def _claimed(self, batch: Batch[Key, Item]) -> None:
        self._is_dry = not batch.claims
        self._probation |= {domain for domain, until in batch.holds.items() if until <= batch.at}
        for claimed in batch.claims:
            self._held[claimed.key] = claimed
            until = batch.holds.get(claimed.domain)
            if until is not None and until > batch.at:
                self._settle(retry.put_back(claimed, next_at=until))
            else:
                self._waiting.add(claimed)

    # -- lines -----------------------------------------------------------------------------------------------------

    def _dial(self) -> None:
        """Open as many lines as there is work for, and as each relay bears."""
        now = time.monotonic()
        wanted = len(self._waiting) - len(self._idle) - len(self._dialling)
        for standing in sorted(self._usable, key=lambda standing: standing.share):
            while wanted > 0 and not self._is_ending and standing.room > 0 and now >= standing.not_before:
                if not standing.is_proven and standing.lines:
                    break  # one at a time, until it has let us in: a wrong password tried often locks us out
                future = self._dialler.submit(open_line, standing.relay)
                future.add_done_callback(lambda _: self._ring())
                self._dialling[future] = standing
                standing.opened()
                wanted -= 1

    def _dialled(self, future: "Future[Opened]", standing: Standing) -> None:
        try:
            opened = future.result()
        except RelayBusy as fault:
            standing.closed()
            if any(other is standing for other in (*self._dialling.values(), *(line.standing for line in self._lines))):
                standing.back_off(time.monotonic())
            else:
                self._give_up(standing, fault)
            return
        except RelayHalted as fault:
            standing.closed()
            self._give_up(standing, fault)
            return
        standing.is_proven = True
        line = Line(standing, opened)
        self._lines[line] = self._idle[line] = None
        self._selector.register(line.sock, line.watched, line)

    def _feed(self) -> None:
        """Give each idle line its next mail; one that has had its number, or is not wanted, is left."""
        if not self._idle or self._is_lease_old:
            return
        for line in sorted(self._idle, key=lambda line: line.standing.share):
            if line.begun >= line.standing.per_connection or not self._is_wanted(line.standing):
                self._leave(line)
            elif not self._is_ending and not self._leads(line.standing):
                self._begin(line)
        for claimed, next_at in self._waiting.overflow():
            self._settle(retry.put_back(claimed, next_at=next_at))
        self._rest_if_need_be()

    def _is_wanted(self, standing: Standing) -> bool:
        """Return whether one more line to this relay is to go on."""
        if standing.relay.name in self._unusable:
            return False
        if standing.room >= 0:
            return True
        leaving = sum(line.standing is standing and line.conversation.awaits is Step.QUIT for line in self._lines)
        return standing.room + leaving >= 0

    def _leads(self, standing: Standing) -> bool:
        """
        Return whether *standing* has had so much more than its part that others are to catch up first.

        Nobody waits for a relay that has limits of its own, has no connection, or has begun nothing for a while.
        """
        if len(self._courier.standings) == 1:
            return False
        stalled = time.monotonic() - STALLED_AFTER
        others = [s.share for s in self._usable if s.lines and s.moved_at > stalled and s.relay.limits.is_none]
        return bool(others) and standing.share > min(others) + LEAD

    def _begin(self, line: Line) -> None:
        events: list[Event] = []
        try:
            if self._propose(line):
                self._flush(line, events)
        except Lost as lost:
            # The relay may have told why before it went.
            self._obey(line, events)
            self._drop(line, str(lost))

    @property
    def _is_lease_old(self) -> bool:
        """Return whether our leases have not been confirmed for so long that somebody may have taken over."""
        return self._courier.clock.now() - self._confirmed_at > self._courier.manners.lease / 3

    def _propose(self, line: Line) -> bool:
        """Begin the next mail on *line*; return whether there was one."""
        standing = line.standing
        while (claimed := self._waiting.take(standing.relay, self._courier.clock.now())) is not None:
            parcel = self._parcel(claimed, line)
            if parcel is None:
                self._gates.put_back(standing.relay, claimed.domain)
                if standing.relay.name in self._unusable:
                    return False
                continue
            line.begun += 1
            standing.share += 1 / standing.relay.weight
            standing.moved_at = time.monotonic()
            line.conversation.propose(parcel)
            self._idle.pop(line, None)
            return True
        return False

    def _parcel(self, claimed: Claimed[Key, Item], line: Line) -> Parcel | None:
        """Return the mail, fit for this line; None when it is settled already, or this relay is not to be used."""
        relay, offers = line.standing.relay, line.conversation.offers
        parcel = self._written(claimed, relay)
        if parcel is None:
            return None
        if parcel.needs_utf8 and not offers.utf8:
            reply = "5.6.7 the relay takes no address with characters beyond ASCII"
            self._settle(
                retry.failed(claimed, Reason.REJECTED, is_attempt=True, relay=relay.name, code=553, reply=reply)
            )
            return None
        limit = offers.size_limit
        if limit is not None and len(parcel.message) > limit:
            self._waiting.put_first(claimed)
            self._give_up(
                line.standing,
                RelayHalted(
                    f"{relay} takes mails of at most {limit} bytes and this one has {len(parcel.message)}; "
                    "make the newsletter shorter, or let the relay take more"
                ),
            )
            return None
        return parcel

    def _written(self, claimed: Claimed[Key, Item], relay: Relay) -> Parcel | None:
        try:
            parcel = self._letter(claimed.item, relay)
        except TemplateError as fault:
            told = str(fault)
            log.warning("a template is at fault; the mail waits for its author", mail=str(claimed.key), fault=told)
            next_at = self._courier.clock.now() + retry.AFTER_A_BAD_TEMPLATE
            self._settle(retry.put_back(claimed, next_at=next_at, reply=told))
            return None
        except Exception as fault:  # noqa: BLE001 (one letter that cannot be written must not keep the others)
            told = retry.anonymous(f"{type(fault).__name__}: {fault}")
            log.warning("a letter could not be written", mail=str(claimed.key), fault=told)
            self._settle(retry.failed(claimed, Reason.NO_LETTER, is_attempt=False, reply=told))
            return None
        if parcel is None:
            self._settle(retry.skipped(claimed, Reason.EMPTY))
            return None
        parcel.mail = claimed
        return parcel

    def _serve(self, line: Line, mask: int) -> None:
        """Take what the relay says on *line*, and answer."""
        now = time.monotonic()
        events: list[Event] = []
        try:
            if mask & selectors.EVENT_READ:
                line.read(events, now)
            self._obey(line, events)
            if line.conversation.is_closing:
                self._drop(line, "the relay closed the connection")
                return
            self._flush(line, events)
        except Lost as lost:
            self._obey(line, [event for event in events if not isinstance(event, Ready)])
            self._drop(line, str(lost))
            return
        if line.conversation.is_idle:
            self._idle[line] = None

    def _flush(self, line: Line, events: list[Event]) -> None:
        line.write(events, time.monotonic())
        if line.wants != line.watched:
            line.watched = line.wants
            self._selector.modify(line.sock, line.watched, line)

    def _obey(self, line: Line, events: list[Event]) -> None:
        while events:
            event = events.pop(0)
            match event:
                case Ready(parcel=parcel):
                    self._write_message(line, parcel)
                case Ended(parcel=parcel):
                    self._ended(line, event)
                case Refused(parcel=parcel):
                    self._gates.put_back(line.standing.relay, parcel.mail.domain)
                    self._waiting.put_first(parcel.mail)
                    self._give_up(line.standing, _refusal(line.standing.relay, event))

    def _write_message(self, line: Line, parcel: Parcel) -> None:
        claimed = parcel.mail
        if self._is_ending or claimed.key not in self._held:
            raise Lost("the sender stops")
        try:
            self._journal.began(self._outbox.written(claimed.key), claimed.lease_no)
        except JournalFailed as fault:
            self._fail(fault)
            raise Lost(str(fault)) from fault
        self._begun.add(claimed.key)
        line.conversation.write_message()
        has_room = line.begun < line.standing.per_connection and not self._unusable
        if line.conversation.is_eager and has_room and not self._leads(line.standing):
            self._propose(line)

    def _drop(self, line: Line, reason: str) -> None:
        """Close *line*, and take down what became of what was on it."""
        self._selector.unregister(line.sock)
        self._lines.pop(line, None)
        self._idle.pop(line, None)
        line.standing.closed()
        for ended in line.abandon(reason):
            self._ended(line, ended)

    def _leave(self, line: Line) -> None:
        """Close *line* politely."""
        self._idle.pop(line, None)
        line.conversation.quit()
        try:
            self._flush(line, [])
        except Lost:
            self._drop(line, "")

    def _expire(self) -> None:
        now = time.monotonic()
        for line in [line for line in self._lines if line.deadline is not None and now > line.deadline]:
            self._drop(line, "the relay was silent for too long")

    # -- outcomes --------------------------------------------------------------------------------------------------

    def _ended(self, line: Line, ended: Ended) -> None:
        claimed: Claimed[Key, Item] = ended.parcel.mail
        standing, outcome = line.standing, ended.outcome
        if claimed.key not in self._held:
            self._tell_lost(claimed.key, str(outcome))
            return
        match outcome:
            case NotTried():
                self._not_tried(line, claimed, outcome)
                return
            case Accepted():
                standing.accepted()
            case Deferred() | Rejected():
                if standing.refused():
                    log.warning("a relay refuses more than half; one connection goes on", relay=standing.relay.name)
        self._tried += 1
        now = self._courier.clock.now()
        self._settle(self._courier.judge.verdict(outcome, claimed, now, standing.relay.name))
        # The database may fail here; by now the journal tells what became of this mail.
        match outcome:
            case Accepted():
                self._took(claimed.domain)
            case Rejected():
                self._count_policy(outcome)
            case Deferred():
                self._count_strike(claimed.domain, outcome)

    def _not_tried(self, line: Line, claimed: Claimed[Key, Item], outcome: NotTried) -> None:
        """Nothing happened to the mail: on a connection that was used up it goes on at once, else after a while."""
        standing = line.standing
        self._gates.put_back(standing.relay, claimed.domain)
        if outcome.code == 421:
            standing.closed_after(line.conversation.messages)
        if self._is_ending:
            self._settle(retry.put_back(claimed, next_at=claimed.next_at))
            return
        self._tries[claimed.key] += 1
        if line.begun > 1 and self._tries[claimed.key] < TRIES:
            if claimed.key in self._begun:
                self._tell_journal(retry.put_back(claimed, next_at=claimed.next_at))
            self._waiting.put_first(claimed)
            return
        now = self._courier.clock.now()
        self._settle(self._courier.judge.verdict(outcome, claimed, now, standing.relay.name))
        if line.begun == 1 and standing.fruitless():
            reason = (
                f"{standing.relay} broke off {FRUITLESS_CONNECTIONS} new connections in a row before it took a message "
                f"({outcome.reason}); it is tried again later"
            )
            self._give_up(standing, RelayBusy(reason))

    def _took(self, domain: str) -> None:
        if self._strikes and domain in self._strikes:
            del self._strikes[domain]
        if domain in self._probation:
            self._probation.discard(domain)
            self._courier.pace.release([domain], self._courier.clock.now())

    def _count_policy(self, outcome: Rejected) -> None:
        self._policy += enhanced(outcome.code, outcome.reply).startswith("5.7.")
        if self._tried >= FEWEST_TRIED and self._policy > self._courier.manners.policy_share * self._tried:
            self._report.refused = (
                f"{self._policy} of {self._tried} mails were refused for policy, the last with: "
                f"{outcome.code} {retry.anonymous(outcome.reply)}"
            )
            self._is_called_off = True

    def _count_strike(self, domain: str, outcome: Deferred) -> None:
        if outcome.code in {421, 451}:
            self._strikes[domain] += 1
        if enhanced(outcome.code, outcome.reply).startswith("4.7.") or self._strikes[domain] >= STRIKES:
            self._hold(domain, f"{outcome.code} {retry.anonymous(outcome.reply)}")

    def _hold(self, domain: str, reply: str) -> None:
        """Leave *domain* alone for a while; the mails for others go on."""
        until = self._courier.pace.hold(domain, reply, self._courier.clock.now())
        self._probation.discard(domain)
        self._strikes.pop(domain, None)
        log.warning("a domain asks us to slow down", domain=domain, until=until.isoformat(), reply=reply)
        for claimed in self._waiting.hold(domain):
            self._settle(retry.put_back(claimed, next_at=until))

    def _settle(self, settlement: Settlement[Key]) -> None:
        """Take down what became of a mail: in the journal now, in the database soon."""
        self._held.pop(settlement.key, None)
        self._done.append(settlement)
        if settlement.is_attempt or settlement.key in self._begun:
            self._tell_journal(settlement)

    def _tell_journal(self, settlement: Settlement[Key]) -> None:
        self._begun.discard(settlement.key)
        try:
            self._journal.ended(self._outbox.written(settlement.key), settlement)
        except JournalFailed as fault:
            self._fail(fault)

    def _fail(self, fault: RelayHalted) -> None:
        """End the round: nothing can be written down."""
        self._report.halted, self._report.needs_operator = str(fault), True
        self._is_called_off = True

    def _rest_if_need_be(self) -> None:
        """End the round when the pace lets nothing through for a good while."""
        next_at, now = self._waiting.next_at, self._courier.clock.now()
        if next_at is None or next_at - now <= REST or len(self._idle) < len(self._lines) or self._dialling:
            return
        if self._claiming is not None or self._has_room:
            return  # what waits here may all be for one domain, and there may be mail for others
        self._report.rests = f"the pace that was set lets nothing through until {next_at:%Y-%m-%d %H:%M} UTC"
        self._is_called_off = True
        for claimed in list(self._waiting):
            self._settle(retry.put_back(claimed, next_at=min(next_at, now + LONGEST_REST)))
        self._waiting.clear()

    # -- the database ----------------------------------------------------------------------------------------------

    def _keep_up(self) -> None:
        """Write down, sync, ask and renew, each in its time."""
        now = time.monotonic()
        try:
            self._journal.sync(now=now)
        except JournalFailed as fault:
            self._fail(fault)
        is_time = now - self._written_down_at >= WRITE_DOWN_EVERY
        if self._done and (is_time or len(self._done) >= self._courier.manners.batch):
            self._written_down_at = now
            self._hand_in()
        if now - self._asked_at >= ASK_EVERY and self._asking is None and not self._is_ending:
            self._asked_at = now
            self._asking = self._clerk.is_going()
        if self._courier.clock.now() - self._renewed_at >= HEARTBEAT and self._extending is None:
            self._renewed_at = self._courier.clock.now()
            held = list(self._held.values())
            self._extending = self._clerk.extend(held), {claimed.key for claimed in held}

    def _hand_in(self) -> None:
        done, self._done = self._done, []
        self._unconfirmed += len(done)
        self._settling.append((self._clerk.settle(done, self._renewed_at), done))

    def _collect(self) -> None:
        """Take what the clerk and the dialler have done."""
        for future in [future for future in self._dialling if future.done()]:
            self._dialled(future, self._dialling.pop(future))
        if self._claiming is not None and self._claiming.done():
            claiming, self._claiming = self._claiming, None
            self._with_care(lambda: self._claimed(claiming.result()))
        if self._asking is not None and self._asking.done():
            asking, self._asking = self._asking, None
            self._with_care(lambda: self._told_whether(is_going=asking.result()))
        if self._extending is not None and self._extending[0].done():
            (extending, asked), self._extending = self._extending, None
            self._confirmed_at = self._renewed_at
            self._with_care(lambda: self._lost(asked - extending.result()))
        while self._settling and self._settling[0][0].done():
            self._take_settled(*self._settling.pop(0))

    def _with_care(self, act: Callable[[], None]) -> None:
        """End the round when the database fails us; the journal then tells what is not settled."""
        try:
            act()
        except Exception as fault:  # noqa: BLE001 (it is raised when the round has ended)
            self._fault = self._fault or fault

    def _settled(self, done: Sequence[Settlement[Key]], lost: Sequence[Settlement[Key]]) -> None:
        self._unconfirmed -= len(done)
        for settlement in done:
            if settlement in lost:
                self._tell_lost(settlement.key, settlement.state)
            else:
                self._report.count(settlement)
        self._journal.committed(self._outbox.written(settlement.key) for settlement in done)
        if self._progress is not None:
            self._progress(self._report)

    def _told_whether(self, *, is_going: bool) -> None:
        self._is_called_off = self._is_called_off or not is_going

    def _lost(self, keys: set[Key]) -> None:
        """Leave what another sender has taken over."""
        lost = {key for key in keys if key in self._held}
        self._waiting.remove(lost)
        for key in lost:
            del self._held[key]
            self._tell_lost(key, None)

    def _tell_lost(self, key: Key, came_to: DeliveryState | str | None) -> None:
        self._report.counts["lost"] += 1
        log.warning("the lease of a mail was lost", mail=str(key), courier=self._courier.name, came_to=came_to)

    # -- the end ---------------------------------------------------------------------------------------------------

    def _close(self) -> None:
        """Settle all that is known, put the rest back, and let go of everything."""
        self._is_called_off = True
        try:
            for line in [line for line in self._lines if not line.conversation.is_idle]:
                self._drop(line, "the sender was interrupted")
            if self._claiming is not None:
                claiming, self._claiming = self._claiming, None
                self._with_care(lambda: self._claimed(claiming.result()))
            for claimed in list(self._held.values()):
                self._settle(retry.put_back(claimed, next_at=claimed.next_at))
            if self._done:
                self._hand_in()
            self._clerk.close()
            self._collect_rest()
            self._with_care(self._gates.close)
        finally:
            # After a fault of the database, nobody knows whether its last claim was made: the replay puts it back.
            is_settled = not (self._held or self._done or self._unconfirmed or self._fault)
            self._journal.close(is_settled=is_settled)
            self._hang_up()

    def _collect_rest(self) -> None:
        while self._settling:
            self._take_settled(*self._settling.pop(0))

    def _take_settled(self, future: "Future[Sequence[Settlement[Key]]]", done: Sequence[Settlement[Key]]) -> None:
        self._with_care(lambda: self._settled(done, future.result()))

    def _hang_up(self) -> None:
        """Take leave of the relays; nothing that goes wrong now matters."""
        self._dialler.shutdown(wait=False, cancel_futures=True)
        for future, standing in self._dialling.items():
            standing.closed()
            future.add_done_callback(_close_unused)
        for line in self._lines:
            line.standing.closed()
            with suppress(OSError):
                line.sock.settimeout(_LEAVE_WITHIN)
                line.sock.sendall(b"QUIT\r\n")
                line.sock.recv(1024)
            line.sock.close()
        self._selector.close()
        self._ear.close()
        self._bell.close()


def _close_unused(future: "Future[Opened]") -> None:
    """Close a connection that was opened for nobody."""
    if not future.cancelled() and future.exception() is None:
        future.result().sock.close()


def _refusal(relay: Relay, refused: Refused) -> RelayHalted:
    reply = refused.reply
    if reply.is_temporary:
        return RelayBusy(f"{relay} takes no mail from us now ({reply}); it is tried again later")
    if reply.code == 552 or enhanced(reply.code, reply.text) == "5.3.4":
        size = len(refused.parcel.message)
        return RelayHalted(
            f"{relay} does not take a mail of {size} bytes ({reply}); make the newsletter shorter, "
            "or let the relay take more"
        )
    return RelayHalted(
        f"{relay} refuses our mail as a whole ({reply}); "
        f"check {relay.table} username and password, and the sender's address"
    )
