"""People, strangers and an operator do what they like: mail goes only where somebody said so from the mailbox."""

import io
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any, NamedTuple, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import delete, select

from digest.database import metadata
from digest.model.delivery import Claimed, DeliveryState, Lease, Settlement
from digest.model.edition import Edition
from digest.model.ids import EditionId
from digest.readers import choosing, forgetting, leaving, own, signing_up
from digest.readers.signing_up import SignUp
from digest.services import Services
from digest.store import deliveries
from digest.store import notices as notice_store
from subscribers import address, audience, consent, signup, suppression, tokens, unsubscribe
from subscribers.cadence import Cadence
from subscribers.consent import Evidence
from subscribers.errors import SubscriberError
from subscribers.import_csv import ImportPlan, import_readers
from subscribers.model import (
    LIVE,
    ConsentEvent,
    ConsentKind,
    RequestKind,
    Subscriber,
    Subscription,
    SubscriptionState,
    Suppression,
    SuppressionReason,
)
from subscribers.suppression import LIFTED_BY_READER
from subscribers.tokens import Claim, Purpose
from tests.conftest import MakeServices
from tests.fakes import FixedClock

SEEN = Evidence(wording="Send it to me", source="sign-up page")
TOLD = Evidence(wording="Agreed at the fair.", source="an operator")
EVENING = """
[[newsletter.source]]
folder = "local"
section = "World"

[[newsletter]]
slug = "evening"
title = "The Evening"
sender = "The Evening <evening@news.example.org>"
postal_address = "1 Example Street, Exampleton"
at = "18:00"
zone = "Europe/Berlin"
"""
PAPERS = ("morning", "evening")
PEOPLE = tuple(f"{name}@reader.example" for name in ("ana", "ben", "cléo"))
#: Somebody who has never heard of us, and is only typed in by others.
STRANGER = "stranger@reader.example"
EVERYBODY = (*PEOPLE, STRANGER)
#: What may happen between the planning of a mail and its sending.
MEANWHILE = ("is suppressed", "leaves", "leaves everything", "pauses")
#: How somebody may come back to whom nothing is sent.
WAYS_BACK = ("undo", "confirm", "move", "list", "by hand")
#: A step takes PostgreSQL three times as long.
EXAMPLES = {"sqlite": 30, "postgresql": 10}
#: What a line of the ledger makes of a Subscription; any other line leaves it as it is.
COMES_TO = {
    ConsentKind.REQUESTED: SubscriptionState.PENDING,
    ConsentKind.CONFIRMED: SubscriptionState.ACTIVE,
    ConsentKind.ADDED: SubscriptionState.ACTIVE,
    ConsentKind.IMPORTED: SubscriptionState.ACTIVE,
    ConsentKind.RESTORED: SubscriptionState.ACTIVE,
    ConsentKind.RESUMED: SubscriptionState.ACTIVE,
    ConsentKind.PAUSED: SubscriptionState.PAUSED,
    ConsentKind.WITHDRAWN: SubscriptionState.ENDED,
}

Key = TypeVar("Key")

people, papers = st.sampled_from(PEOPLE), st.sampled_from(PAPERS)
picks = st.integers(0, 99)


class Place(NamedTuple):
    """Where a newsletter comes, or would come."""

    address: str
    newsletter: str


class Link(NamedTuple):
    """What somebody has in their mailbox."""

    opens: str
    token: str

    @property
    def public_id(self) -> str:
        return self.token.partition(".")[0]


def everywhere(*addresses: str) -> set[Place]:
    return {Place(one, paper) for one in addresses for paper in PAPERS}


class Town(RuleBasedStateMachine):
    """Whatever is done, each change has its reason, each mail its wish, and the ledger tells of both."""

    def __init__(self, services: Services, clock: FixedClock) -> None:
        super().__init__()
        self.services, self.clock = services, clock
        with services.session() as session:
            for table in reversed(metadata.sorted_tables):
                session.execute(delete(table))
        self.mailboxes: dict[str, list[Link]] = defaultdict(list)
        #: Who has pressed a button from their mailbox, or was brought in on a ground.
        self.agreed: set[str] = set()
        #: The Subscriptions that were ever begun so.
        self.begun: set[str] = set()
        self.days = 0

    # -- what people do ------------------------------------------------------------------------------------------------

    @initialize()
    def two_read_already(self) -> None:
        for reader in PEOPLE[:2]:
            self.somebody_types(reader, "morning")
            self.single_mails_go_out()
            self.confirms(reader, 0)
        self.an_edition_goes_out("morning")

    @rule(who=st.sampled_from(EVERYBODY), paper=papers)
    def somebody_types(self, who: str, paper: str) -> None:
        with self.changes():
            signing_up.sign_up(self.services, SignUp(newsletter=paper, address=who.title(), language="en"), SEEN)

    @rule(me=people, pick=picks)
    def confirms(self, me: str, pick: int) -> None:
        if link := self.link(me, "confirm", pick):
            with self.changes(begins=everywhere(me), lifts={me}):
                signing_up.confirm(self.services, link.token, network="")

    @rule(me=people, pick=picks)
    def leaves(self, me: str, pick: int) -> None:
        if link := self.link(me, "u", pick):
            theirs = self.place(link)
            with self.changes(ends=theirs):
                wish = leaving.wish_to_leave(self.services, link.token, by_page=False, network="")
                assert wish is not None
                with self.services.session() as session:
                    unsubscribe.one_click_all(session, [wish], now=self.clock.at)
            assert theirs.isdisjoint(self.reading())

    @rule(me=people, pick=picks)
    def leaves_everything(self, me: str, pick: int) -> None:
        if link := self.link(me, "u", pick):
            theirs = everywhere(*(place.address for place in self.place(link)))
            with self.changes(ends=theirs, bars={place.address for place in theirs}):
                leaving.leave_everything(self.services, link.token, network="")
            assert theirs.isdisjoint(self.reading())
            assert {place.address for place in theirs} <= self.barred().keys()

    @rule(me=people, pick=picks)
    def takes_it_back(self, me: str, pick: int) -> None:
        if link := self.link(me, "u", pick):
            theirs = self.place(link) if link.public_id in self.begun else set()
            with self.changes(begins=theirs, lifts={place.address for place in theirs}), suppress(SubscriberError):
                leaving.undo_leave(self.services, link.token, network="")

    @rule(me=people, pick=picks, pauses=st.booleans())
    def pauses_or_resumes(self, me: str, pick: int, *, pauses: bool) -> None:
        if link := self.link(me, "p", pick):
            with self.changes(), suppress(SubscriberError):
                if pauses:
                    choosing.pause(self.services, link.token, None, network="")
                else:
                    choosing.resume(self.services, link.token, network="")

    @rule(me=people, pick=picks, to=st.sampled_from(EVERYBODY))
    def asks_to_move(self, me: str, pick: int, to: str) -> None:
        if link := self.link(me, "p", pick):
            with self.changes():
                own.ask_address(self.services, link.token, to.title())

    @rule(me=people, pick=picks)
    def moves_here(self, me: str, pick: int) -> None:
        if link := self.link(me, "a", pick):
            before = {place.address for place in self.place(link)}
            with self.changes(begins=everywhere(me), ends=everywhere(*before), lifts={me}):
                own.confirm_address(self.services, link.token, network="")

    @rule(me=people, pick=picks, kind=st.sampled_from([RequestKind.EXPORT, RequestKind.ERASURE]))
    def asks_for_what_is_theirs(self, me: str, pick: int, kind: RequestKind) -> None:
        if link := self.link(me, "p", pick):
            with self.changes():
                own.ask(self.services, link.token, kind)

    @rule(me=people, pick=picks)
    def is_erased(self, me: str, pick: int) -> None:
        if link := self.link(me, "f", pick):
            with self.changes(ends=everywhere(me), bars={me}):
                own.erase(self.services, link.token, network="")

    # -- what the operator does ----------------------------------------------------------------------------------------

    @rule(who=people, paper=papers, by_list=st.booleans())
    def is_brought_in(self, who: str, paper: str, *, by_list: bool) -> None:
        asked = address.parse(who, allow_special=True)
        barred = who in self.barred()
        with self.changes(begins=set() if barred else {Place(who, paper)}):
            if by_list:
                plan = ImportPlan(
                    newsletter=paper,
                    ground=TOLD,
                    fingerprint_key=self.services.keys.fingerprint,
                    sections=frozenset({"world"}),
                    language="en",
                    time_zone="Europe/Berlin",
                    allow_special=True,
                )
                list_ = io.BytesIO(f"email\n{who}\n".encode())
                import_readers(self.services.session, list_, plan, now=self.clock.at)
                return
            wish = signup.SignupWish(newsletter=paper, address=asked, language="en", time_zone="Europe/Berlin")
            with suppress(SubscriberError), self.services.session() as session:
                key = self.services.keys.fingerprint
                signup.add(session, wish, TOLD, fingerprint_key=key, now=self.clock.at)

    @rule(who=st.sampled_from(EVERYBODY))
    def is_suppressed(self, who: str) -> None:
        with self.changes(bars={who}), self.services.session() as session:
            suppression.suppress(session, self.mark(who), SuppressionReason.OPERATOR, at=self.clock.at)

    @rule(me=people, paper=papers, way=st.sampled_from(WAYS_BACK))
    def comes_back_though_suppressed(self, me: str, paper: str, way: str) -> None:
        """Whatever somebody has in their mailbox, no way leads past the operator."""
        self.leaves(me, 0)
        self.is_suppressed(me)
        match way:
            case "undo":
                self.takes_it_back(me, 0)
            case "confirm":
                self.confirms(me, 0)
            case "move":
                self.moves_here(me, 0)
            case "list":
                self.is_brought_in(me, paper, by_list=True)
            case "by hand":
                self.is_brought_in(me, paper, by_list=False)

    @rule(who=st.sampled_from(EVERYBODY))
    def is_let_again(self, who: str) -> None:
        with self.changes(lifts={who}, by_operator=True), self.services.session() as session:
            suppression.lift(session, self.mark(who))

    # -- what happens --------------------------------------------------------------------------------------------------

    @rule(by=st.sampled_from([timedelta(minutes=40), timedelta(hours=30), timedelta(days=8)]))
    def time_goes_by(self, by: timedelta) -> None:
        with self.changes():
            self.clock.advance(by)
            forgetting.keep_time(self.services, Counter(), Event())

    @rule()
    def single_mails_go_out(self) -> None:
        with self.changes():
            signing_up.take_up(self.services)
            with self.services.session() as session:
                key = self.services.keys.fingerprint
                claims = notice_store.claim(session, self.clock.at, lease=self.lease(), limit=99, fingerprint_key=key)
                notice_store.settle(session, [_sent(one) for one in claims], owner="town", now=self.clock.at)
        barred = self.barred()
        for claim in claims:
            to, wish = address.kept(claim.item.wish.address).key, claim.item.wish
            assert barred.get(to) in {None, *LIFTED_BY_READER}, f"{wish.kind} to a suppressed address"
            assert wish.kind in {"confirm", "address"} or to in self.agreed, f"{wish.kind} to who never agreed"
            for url in wish.values.values():
                if isinstance(url, str) and url.startswith(self.services.links.base_url):
                    opens, token = url.removeprefix(self.services.links.base_url).split("/")[1:3]
                    self.mailboxes[to].append(Link(opens, token))

    @rule(paper=papers)
    def an_edition_goes_out(self, paper: str) -> None:
        """An Edition goes out to everybody who reads, and to nobody else."""
        edition_id = self.planned(paper)
        reading, resting, barred = self.standing()
        wanted = {place for place in reading - resting if place.newsletter == paper}
        assert self.sent()[edition_id] == {place for place in wanted if place.address not in barred}

    @rule(paper=papers, me=people, act=st.sampled_from(MEANWHILE))
    def somebody_acts_while_mails_wait(self, paper: str, me: str, act: str) -> None:
        """What holds when an Edition was planned holds no more when it goes out."""
        self.planned(paper)
        match act:
            case "is suppressed":
                self.is_suppressed(me)
            case "leaves":
                self.leaves(me, 0)
            case "leaves everything":
                self.leaves_everything(me, 0)
            case "pauses":
                self.pauses_or_resumes(me, 0, pauses=True)
        self.sent()

    def planned(self, paper: str) -> EditionId:
        self.days += 1
        day = date(2026, 1, 1) + timedelta(days=self.days)
        with self.changes(), self.services.session() as session:
            edition = Edition(newsletter=paper, cadence=Cadence.DAILY, date=day, due_at=self.clock.at)
            session.add(edition)
            session.flush()
            readers = audience.readers(paper, [Cadence.DAILY], day)
            deliveries.plan(session, edition.id, readers, {("Europe/Berlin", None): self.clock.at})
            return edition.id

    def sent(self) -> dict[EditionId, set[Place]]:
        """Send what waits of every Edition, and return where each has come."""
        with self.changes(), self.services.session() as session:
            claims = deliveries.claim(session, None, self.clock.at, lease=self.lease(), limit=999)
            deliveries.settle(session, [_sent(one) for one in claims], owner="town", now=self.clock.at)
            titles = {row.id: row.newsletter for row in session.execute(select(Edition.id, Edition.newsletter))}
        reading, resting, barred = self.standing()
        sent: dict[EditionId, set[Place]] = defaultdict(set)
        for claim in claims:
            place = Place(address.kept(claim.item.address).key, titles[claim.item.edition_id])
            assert place in reading - resting
            assert place.address in self.agreed
            assert place.address not in barred
            sent[claim.item.edition_id].add(place)
            for opens, purpose in (("p", Purpose.PREFERENCES), ("u", Purpose.UNSUBSCRIBE)):
                token = tokens.sign(purpose, Claim(claim.item.public_id), self.services.keys.tokens)
                self.mailboxes[place.address].append(Link(opens, token))
        return sent

    # -- what must hold ------------------------------------------------------------------------------------------------

    @invariant()
    def the_ledger_tells_how_each_subscription_stands(self) -> None:
        with self.services.reading() as session:
            for one in session.scalars(select(Subscription)):
                assert one.state is self.told(consent.history_of(session, one.subscriber), one.newsletter), one

    def told(self, lines: Sequence[ConsentEvent], paper: str) -> SubscriptionState | None:
        """Return how a Subscription to *paper* stands, by the lines of the ledger alone."""
        state = before = None
        asked_at = self.clock.at
        for line in lines:
            if line.newsletter == paper and line.kind in COMES_TO:
                if line.kind is ConsentKind.REQUESTED and state is not SubscriptionState.PENDING:
                    before = state
                state, asked_at = COMES_TO[line.kind], line.at
        over = asked_at < self.clock.at - self.services.settings.keeping.unconfirmed
        return before if state is SubscriptionState.PENDING and over else state

    @contextmanager
    def changes(
        self,
        *,
        begins: AbstractSet[Place] = frozenset(),
        ends: AbstractSet[Place] = frozenset(),
        lifts: AbstractSet[str] = frozenset(),
        bars: AbstractSet[str] = frozenset(),
        by_operator: bool = False,
    ) -> Iterator[None]:
        """See that what is done begins, ends, lifts and bars no more than that."""
        reading, _, barred = self.standing()
        yield
        now, _, barred_now = self.standing()
        assert now - reading <= begins
        assert reading - now <= ends
        assert barred_now.keys() - barred.keys() <= bars
        assert barred.keys() - barred_now.keys() <= lifts
        if not by_operator:
            for key in barred.keys() - barred_now.keys():
                assert barred[key] in LIFTED_BY_READER
        self.agreed |= {place.address for place in now - reading}

    def reading(self) -> set[Place]:
        return self.standing()[0]

    def barred(self) -> dict[str, SuppressionReason]:
        return self.standing()[2]

    def standing(self) -> tuple[set[Place], set[Place], dict[str, SuppressionReason]]:
        """Return who reads what, who of them has paused, and whose address gets no mail; and note who has begun."""
        theirs = select(
            Subscriber.address_key, Subscription.newsletter, Subscription.state, Subscription.public_id
        ).join(Subscription)
        with self.services.reading() as session:
            live = session.execute(theirs.where(Subscription.state.in_(LIVE))).all()
            held = {row.fingerprint: row.reason for row in session.scalars(select(Suppression))}
        self.begun |= {row.public_id for row in live}
        places = {Place(row.address_key, row.newsletter): row.state for row in live}
        resting = {place for place, state in places.items() if state is SubscriptionState.PAUSED}
        marks = {who: self.mark(who) for who in EVERYBODY}
        return set(places), resting, {who: held[mark] for who, mark in marks.items() if mark in held}

    def mark(self, who: str) -> str:
        return address.fingerprint(who, self.services.keys.fingerprint)

    def link(self, me: str, opens: str, pick: int) -> Link | None:
        found = [link for link in reversed(self.mailboxes[me]) if link.opens == opens]
        return found[pick % len(found)] if found else None

    def place(self, link: Link) -> set[Place]:
        """Return where the Subscription behind *link* comes now; nothing where it is no more."""
        theirs = select(Subscriber.address_key, Subscription.newsletter).join(Subscription)
        with self.services.reading() as session:
            return {Place(*row) for row in session.execute(theirs.where(Subscription.public_id == link.public_id))}

    def lease(self) -> Lease:
        return Lease(owner="town", until=self.clock.at + timedelta(minutes=30))


def _sent(claim: Claimed[Key, Any]) -> Settlement[Key]:
    return Settlement(key=claim.key, lease_no=claim.lease_no, state=DeliveryState.SENT, is_attempt=True, code=250)


def test_mail_goes_only_where_somebody_said_so_from_the_mailbox(
    make_services: MakeServices, database_url: str, clock: FixedClock, tmp_path: Path
) -> None:
    (tmp_path / "local").mkdir()
    services = make_services(database_url, more=EVENING)

    run_state_machine_as_test(
        partial(Town, services, clock),  # type: ignore[arg-type]  # it takes whatever makes one
        settings=settings(
            max_examples=EXAMPLES[services.database.engine.dialect.name],
            stateful_step_count=30,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
