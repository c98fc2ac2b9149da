"""The conversation without I/O: whatever the relay says, and in whatever pieces, each parcel ends once and truly."""

from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.deliver.transaction import Conversation, Ended, Event, Lost, Offers, Parcel, Ready, Refused, Reply, Step
from digest.model.message import Accepted, Deferred, InDoubt, NotTried, Outcome, Rejected
from digest.model.relay import Conduct

MESSAGE = b"Subject: x\r\n\r\nbody\r\n"
MODES = list(Conduct)
each_mode = pytest.mark.parametrize("conduct", MODES)


class Wire:
    """Drives a conversation by hand, as the sender does, and keeps what went out and what came of it."""

    def __init__(self, conduct: Conduct, *parcels: Parcel, offers: Offers | None = None) -> None:
        self.conversation = Conversation(offers or Offers(pipelining=True), conduct)
        self.waiting = list(parcels)
        self.out = b""
        self.fates: list[tuple[Parcel, Outcome | Reply]] = []
        #: How many bytes had gone out when each message, with its dot, was out.
        self.ends: dict[Parcel, int] = {}
        self.handed = 0
        self.is_lost = False
        self.propose()

    def propose(self) -> None:
        if self.waiting:
            self.conversation.propose(self.waiting.pop(0))

    def write(self, count: int | None = None) -> bytes:
        """Let *count* bytes go out, else all; return them."""
        due = b"".join(bytes(buffer) for buffer in self.conversation.buffers)
        gone = due if count is None else due[:count]
        self.out += gone
        if gone:
            self.conversation.written(len(gone))
        return gone

    def dot_of(self, parcel: Parcel) -> bool:
        """Return whether the dot of *parcel* went out."""
        return parcel in self.ends and len(self.out) >= self.ends[parcel]

    def hear(self, said: bytes) -> None:
        """Hand over what the relay *said*, and do what it means."""
        events: list[Event] = []
        try:
            self.conversation.receive(said, events)
        except Lost as lost:
            self.is_lost = True
            self._obey(event for event in events if not isinstance(event, Ready))
            self.lose(str(lost))
            return
        self._obey(events)
        if self.conversation.is_closing:
            self.lose("closed")
        elif self.conversation.is_idle:
            self.propose()

    def say(self, *replies: str) -> None:
        """Let everything go out before each of the *replies*, and after the last."""
        for reply in replies:
            self.write()
            self.hear(reply.encode() + b"\r\n")
        self.write()

    def lose(self, reason: str = "gone") -> None:
        self._obey(self.conversation.abandon(reason))

    def _obey(self, events: Iterable[Event]) -> None:
        for event in events:
            match event:
                case Ready(parcel=parcel):
                    due = sum(len(buffer) for buffer in self.conversation.buffers)
                    self.ends[parcel] = len(self.out) + due + len(parcel.message) + 3
                    self.conversation.write_message()
                    if self.conversation.is_eager:
                        self.propose()
                case Ended(parcel=parcel, outcome=outcome):
                    self.fates.append((parcel, outcome))
                case Refused(parcel=parcel, reply=reply):
                    self.fates.append((parcel, reply))

    @property
    def outcomes(self) -> list[Outcome | Reply]:
        return [fate for _, fate in self.fates]

    @property
    def kinds(self) -> list[type]:
        return [type(fate) for fate in self.outcomes]


def parcel(name: str = "ana", message: bytes = MESSAGE) -> Parcel:
    return Parcel(sender="morning@news.example.org", recipient=f"{name}@mail.example", message=message)


def envelope(name: str = "ana") -> bytes:
    return f"MAIL FROM:<morning@news.example.org>\r\nRCPT TO:<{name}@mail.example>\r\nDATA\r\n".encode()


# -- what goes out when -------------------------------------------------------------------------------------------


def test_in_lock_step_each_command_waits_for_the_reply_to_the_one_before() -> None:
    wire = Wire(Conduct.LOCK_STEP, parcel())

    written = [wire.write()]
    for reply in ("250 ok", "250 ok", "354 go", "250 queued"):
        wire.hear(reply.encode() + b"\r\n")
        written.append(wire.write())

    mail, rcpt, data = envelope().splitlines(keepends=True)
    assert written == [mail, rcpt, data, MESSAGE + b".\r\n", b""]
    assert wire.outcomes == [Accepted(code=250, reply="queued")]


def test_pipelined_the_envelope_goes_out_in_one_breath_and_the_message_waits_for_354() -> None:
    wire = Wire(Conduct.PIPELINED, parcel(), parcel("bo"))

    first = wire.write()
    wire.hear(b"250 ok\r\n250 ok\r\n354 go\r\n")
    second = wire.write()
    wire.hear(b"250 queued\r\n")

    assert (first, second) == (envelope(), MESSAGE + b".\r\n")
    assert wire.write() == envelope("bo")


def test_eager_the_next_envelope_follows_the_message_at_once() -> None:
    wire = Wire(Conduct.EAGER, parcel(), parcel("bo"))

    wire.write()
    wire.hear(b"250 ok\r\n250 ok\r\n354 go\r\n")
    second = wire.write()
    wire.hear(b"250 queued\r\n250 ok\r\n250 ok\r\n354 go\r\n")

    assert second == MESSAGE + b".\r\n" + envelope("bo")
    assert wire.write() == MESSAGE + b".\r\n"


@pytest.mark.parametrize("conduct", [Conduct.PIPELINED, Conduct.EAGER])
def test_without_the_offer_nothing_runs_ahead(conduct: Conduct) -> None:
    wire = Wire(conduct, parcel(), offers=Offers())

    written = wire.write()

    assert written == envelope().splitlines(keepends=True)[0]


@each_mode
def test_size_and_smtputf8_are_told_where_they_were_offered_and_needed(conduct: Conduct) -> None:
    letter = Parcel(sender="", recipient="jörg@mail.example", message=MESSAGE, needs_utf8=True)
    wire = Wire(conduct, letter, offers=Offers(pipelining=True, size=True, size_limit=1000, utf8=True))

    wire.say("250 ok", "250 ok", "354 go", "250 ok")

    mail, rcpt = wire.out.split(b"\r\n")[:2]
    assert mail == f"MAIL FROM:<> SIZE={len(MESSAGE)} SMTPUTF8".encode()
    assert rcpt == "RCPT TO:<jörg@mail.example>".encode()


# -- replies in pieces ---------------------------------------------------------------------------------------------

TALK = ("250-2.1.0 fine\r\n250 2.1.0 so far\r\n", "250 2.1.5 ok\r\n", "354 go\r\n", "250-2.0.0 a\r\n250 2.0.0 b\r\n")


@each_mode
def test_replies_may_come_in_pieces_cut_anywhere(conduct: Conduct) -> None:
    talk = "".join(TALK).encode()
    for cut in range(1, len(talk)):
        wire = Wire(conduct, parcel())
        rest = len(talk)

        for piece in (talk[:cut], talk[cut:]):
            for reply in _fed(piece, conduct, talk, len(talk) - rest):
                wire.write()
                wire.hear(reply)
            rest -= len(piece)

        assert wire.outcomes == [Accepted(code=250, reply="2.0.0 a 2.0.0 b")], cut


def _fed(piece: bytes, conduct: Conduct, talk: bytes, start: int) -> list[bytes]:
    """Return *piece* of *talk* cut further where a relay could not have gone on before it was told more."""
    ends = [len("".join(TALK[: number + 1]).encode()) for number in range(len(TALK))]
    if conduct is not Conduct.LOCK_STEP:
        ends = ends[2:]
    cuts = [end for end in ends if start < end < start + len(piece)]
    edges = [start, *cuts, start + len(piece)]
    return [talk[a:b] for a, b in pairwise(edges)]


@each_mode
def test_replies_may_come_byte_by_byte(conduct: Conduct) -> None:
    wire = Wire(conduct, parcel())

    for byte in "".join(TALK).encode():
        wire.write()
        wire.hear(bytes([byte]))

    assert wire.outcomes == [Accepted(code=250, reply="2.0.0 a 2.0.0 b")]


@each_mode
def test_a_reply_without_words_or_with_a_bare_line_feed_is_a_reply(conduct: Conduct) -> None:
    wire = Wire(conduct, parcel())

    for reply in (b"250\r\n", b"250 ok\n", b"354\n", b"250 \r\n"):
        wire.write()
        wire.hear(reply)

    assert wire.outcomes == [Accepted(code=250, reply="")]


# -- what is no reply ----------------------------------------------------------------------------------------------

RUBBISH = [
    b"hello\r\n",
    b"\r\n",
    b"\n",
    b"25\r\n",
    b"25\n",
    b"3\n",
    b"2500 ok\r\n",
    b"25O ok\r\n",
    b"\xb250 ok\r\n",
    b"150 wait\r\n",
    b"199 wait\r\n",
    b"600 what\r\n",
    b"650 what\r\n",
    b"999 what\r\n",
    b"-50 ok\r\n",
    b"+25 ok\r\n",
    b" 250 ok\r\n",
    b"250\tok\r\n",
    b"250_ok\r\n",
    b"\x00\x00\x00 \r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n",
    b"\xff" * 300 + b"\r\n",
    b"250-ok\r\nrubbish\r\n",
    b"250 " + b"x" * 17_000 + b"\r\n",
    b"250-" + b"x" * 17_000,
    b"250-x\r\n" * 3_000,
    b"x" * 17_000,
]


@each_mode
@pytest.mark.parametrize("rubbish", RUBBISH, ids=range(len(RUBBISH)))
def test_what_is_no_reply_ends_the_conversation_and_the_mail_is_as_it_was(conduct: Conduct, rubbish: bytes) -> None:
    wire = Wire(conduct, parcel())
    wire.write()

    wire.hear(rubbish)

    assert wire.is_lost
    assert wire.kinds == [NotTried]


@each_mode
@pytest.mark.parametrize("rubbish", RUBBISH, ids=range(len(RUBBISH)))
def test_what_is_no_reply_to_the_dot_leaves_the_mail_in_doubt(conduct: Conduct, rubbish: bytes) -> None:
    wire = Wire(conduct, parcel())
    wire.say("250 ok", "250 ok", "354 go")

    wire.hear(rubbish)

    assert wire.is_lost
    assert wire.kinds == [InDoubt]


@each_mode
def test_a_long_reply_that_ends_in_time_is_heard(conduct: Conduct) -> None:
    wire = Wire(conduct, parcel())
    wire.say("250 ok")

    wire.hear(b"550-" + b"x" * 7_000 + b"\r\n550 " + b"y" * 7_000 + b"\r\n")

    assert wire.kinds == [Rejected]


@each_mode
def test_binary_words_behind_a_code_are_made_readable(conduct: Conduct) -> None:
    wire = Wire(conduct, parcel())
    wire.say("250 ok")

    wire.hear(b"550 5.1.1 \x00\x1b[31mno\x07 \xff\xfe such\tuser\r\n")

    assert wire.outcomes == [Rejected(code=550, reply="5.1.1 [31mno \ufffd\ufffd such user")]


@each_mode
@pytest.mark.parametrize("reply", ["250 hello", "220 hello", "554 go away", "354 go"])
def test_a_reply_that_nobody_asked_for_ends_the_conversation(conduct: Conduct, reply: str) -> None:
    wire = Wire(conduct, parcel())
    wire.say("250 ok", "250 ok", "354 go", "250 queued")

    wire.say(reply)

    assert wire.is_lost
    assert wire.kinds == [Accepted]


@each_mode
def test_a_421_that_nobody_asked_for_closes_without_a_fault(conduct: Conduct) -> None:
    wire = Wire(conduct, parcel())
    wire.say("250 ok", "250 ok", "354 go", "250 queued")

    wire.say("421 4.4.2 idle for too long")

    assert not wire.is_lost
    assert wire.conversation.is_closing


@each_mode
def test_a_yes_before_the_message_went_out_is_no_yes(conduct: Conduct) -> None:
    wire = Wire(conduct, parcel())
    wire.say("250 ok", "250 ok")

    wire.hear(b"354 go\r\n250 queued\r\n")

    assert wire.is_lost
    assert wire.kinds == [NotTried]
    assert wire.write() == b""


# -- refusals ------------------------------------------------------------------------------------------------------


@each_mode
@pytest.mark.parametrize(
    ("replies", "expected"),
    [
        (("250 ok", "450 4.2.0 later"), Deferred(code=450, reply="4.2.0 later")),
        (("250 ok", "552 5.2.2 full"), Deferred(code=452, reply="5.2.2 full")),
        (("250 ok", "550 5.1.1 nobody"), Rejected(code=550, reply="5.1.1 nobody")),
        (("250 ok", "250 ok", "451 later"), Deferred(code=451, reply="later")),
        (("250 ok", "250 ok", "554 no"), Rejected(code=554, reply="no")),
        (("250 ok", "250 ok", "354 go", "452 full"), Deferred(code=452, reply="full")),
        (("250 ok", "250 ok", "354 go", "421 bye"), Deferred(code=421, reply="bye")),
        (("250 ok", "250 ok", "354 go", "552 5.2.2 x"), Rejected(code=552, reply="5.2.2 x", at_dot=True)),
        (("451 later",), Reply(451, "later")),
        (("550 5.7.1 not you",), Reply(550, "5.7.1 not you")),
        (("250 ok", "530 sign in"), Reply(530, "sign in")),
        (("250 ok", "250 ok", "530 sign in"), Reply(530, "sign in")),
    ],
)
def test_a_refusal_ends_its_mail_with_what_was_said(
    conduct: Conduct, replies: tuple[str, ...], expected: Outcome | Reply
) -> None:
    wire = Wire(conduct, parcel())

    wire.say(*replies)

    assert wire.outcomes == [expected]


@each_mode
def test_after_a_refused_recipient_the_transaction_is_reset_before_the_next_one(conduct: Conduct) -> None:
    wire = Wire(conduct, parcel(), parcel("bo"))
    wire.say("250 ok", "550 5.1.1 nobody")
    if conduct is not Conduct.LOCK_STEP:
        wire.say("554 no recipients")

    wire.say("250 reset", "250 ok", "250 ok", "354 go", "250 queued")

    assert wire.kinds == [Rejected, Accepted]
    assert wire.out.count(b"RSET\r\n") == 1
    assert wire.out.index(b"RSET") < wire.out.index(b"bo@mail.example")


@pytest.mark.parametrize("conduct", [Conduct.PIPELINED, Conduct.EAGER])
@pytest.mark.parametrize("void", ["554 no recipients", "250 an empty mail for nobody", "451 what"])
def test_a_354_for_nobody_is_answered_by_a_lone_dot_whose_reply_counts_for_nothing(conduct: Conduct, void: str) -> None:
    wire = Wire(conduct, parcel(), parcel("bo"))
    wire.say("250 ok", "550 5.1.1 nobody", "354 go")
    so_far = wire.out

    wire.say(void, "250 reset", "250 ok", "250 ok", "354 go", "250 queued")

    assert so_far == envelope() + b".\r\n"
    assert wire.kinds == [Rejected, Accepted]


@pytest.mark.parametrize("conduct", [Conduct.PIPELINED, Conduct.EAGER])
@pytest.mark.parametrize("follow", ["503 5.5.1 MAIL first", "554 5.5.1 no", "250 what", "450 later"])
def test_what_follows_a_refused_sender_counts_for_nothing(conduct: Conduct, follow: str) -> None:
    wire = Wire(conduct, parcel())

    wire.say("451 not now", follow, follow)

    assert wire.outcomes == [Reply(451, "not now")]
    assert not wire.is_lost


@each_mode
def test_a_refused_reset_closes_the_connection_and_the_mail_is_as_it_was(conduct: Conduct) -> None:
    wire = Wire(conduct, parcel(), parcel("bo"))
    wire.say("250 ok", "550 5.1.1 nobody")
    if conduct is not Conduct.LOCK_STEP:
        wire.say("554 no recipients")

    wire.say("500 what is RSET")

    assert wire.kinds == [Rejected, NotTried]


# -- in the middle of the message ----------------------------------------------------------------------------------


@each_mode
@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("552 5.3.4 too big", Rejected(code=552, reply="5.3.4 too big", at_dot=True)),
        ("451 4.3.0 disk full", Deferred(code=451, reply="4.3.0 disk full")),
        ("421 closing", NotTried(reason="the relay broke off within the message: 421 closing")),
        ("250 a lie", NotTried(reason="the relay broke off within the message: 250 a lie")),
        ("354 go on", NotTried(reason="the relay broke off within the message: 354 go on")),
    ],
)
@pytest.mark.parametrize("left", [1, 3, 4, len(MESSAGE) + 2])
def test_a_reply_before_the_last_byte_of_the_message_closes_and_is_never_a_yes(
    conduct: Conduct, reply: str, expected: Outcome, left: int
) -> None:
    wire = Wire(conduct, parcel())
    wire.say("250 ok", "250 ok")
    wire.hear(b"354 go\r\n")
    wire.write(len(MESSAGE) + 3 - left)

    wire.hear(reply.encode() + b"\r\n")

    assert wire.outcomes == [expected]
    assert wire.conversation.is_closing
    assert wire.write() == b""


def test_eager_a_reply_in_the_middle_of_the_message_leaves_the_next_envelope_untried() -> None:
    wire = Wire(Conduct.EAGER, parcel(), parcel("bo"))
    wire.say("250 ok", "250 ok")
    wire.hear(b"354 go\r\n")
    wire.write(5)

    wire.hear(b"552 5.3.4 too big\r\n")

    assert wire.kinds == [Rejected, NotTried]


@each_mode
@pytest.mark.parametrize("gone", range(len(MESSAGE) + 3))
def test_a_connection_lost_before_the_last_byte_of_the_dot_means_that_nothing_happened(
    conduct: Conduct, gone: int
) -> None:
    wire = Wire(conduct, parcel(), parcel("bo"))
    wire.say("250 ok", "250 ok")
    wire.hear(b"354 go\r\n")
    wire.write(gone)

    wire.lose()

    assert set(wire.kinds) == {NotTried}


@each_mode
def test_a_connection_lost_after_the_dot_leaves_that_mail_in_doubt_and_no_other(conduct: Conduct) -> None:
    wire = Wire(conduct, parcel(), parcel("bo"), parcel("cy"))
    wire.say("250 ok", "250 ok", "354 go")

    wire.lose()

    assert wire.kinds == ([InDoubt, NotTried] if conduct is Conduct.EAGER else [InDoubt])
    assert wire.fates[0][0].recipient == "ana@mail.example"


@pytest.mark.parametrize("more", range(len(envelope("bo")) + 1))
def test_eager_how_far_the_next_envelope_went_changes_nothing(more: int) -> None:
    wire = Wire(Conduct.EAGER, parcel(), parcel("bo"))
    wire.say("250 ok", "250 ok")
    wire.hear(b"354 go\r\n")
    wire.write(len(MESSAGE) + 3 + more)

    wire.lose()

    assert wire.kinds == [InDoubt, NotTried]


def test_eager_a_refused_message_leaves_the_next_one_to_go_on() -> None:
    wire = Wire(Conduct.EAGER, parcel(), parcel("bo"))

    wire.say("250 ok", "250 ok", "354 go", "552 5.2.2 full", "250 ok", "250 ok", "354 go", "250 queued")

    assert wire.kinds == [Rejected, Accepted]
    assert b"RSET" not in wire.out


@each_mode
def test_an_intermediate_reply_to_the_dot_leaves_the_mail_in_doubt(conduct: Conduct) -> None:
    wire = Wire(conduct, parcel(), parcel("bo"))
    wire.say("250 ok", "250 ok", "354 go")

    wire.hear(b"354 go on\r\n")

    assert wire.kinds[0] is InDoubt
    assert InDoubt not in wire.kinds[1:]


# -- the relay leaves ----------------------------------------------------------------------------------------------


@each_mode
@pytest.mark.parametrize("yeses", [(), ("250 ok",), ("250 ok", "250 ok")])
def test_a_421_before_the_message_means_that_nothing_happened(conduct: Conduct, yeses: tuple[str, ...]) -> None:
    wire = Wire(conduct, parcel())

    wire.say(*yeses, "421 4.3.2 closing")

    assert wire.outcomes == [NotTried(reason="421 4.3.2 closing", code=421)]
    assert wire.conversation.is_closing


@pytest.mark.parametrize("replies", [("421 bye",), ("250 ok", "421 bye"), ("250 ok", "250 ok", "421 bye")])
def test_eager_a_421_to_the_next_envelope_leaves_the_message_before_it_accepted(replies: tuple[str, ...]) -> None:
    wire = Wire(Conduct.EAGER, parcel(), parcel("bo"))

    wire.say("250 ok", "250 ok", "354 go", "250 queued", *replies)

    assert wire.outcomes == [Accepted(code=250, reply="queued"), NotTried(reason="421 bye", code=421)]


def test_eager_a_421_to_the_dot_defers_its_mail_and_the_next_one_is_as_it_was() -> None:
    wire = Wire(Conduct.EAGER, parcel(), parcel("bo"))

    wire.say("250 ok", "250 ok", "354 go", "421 4.3.2 closing")

    assert wire.kinds == [Deferred, NotTried]


@pytest.mark.parametrize("conduct", [Conduct.PIPELINED, Conduct.EAGER])
def test_a_421_behind_a_refusal_closes_and_the_refusal_stands(conduct: Conduct) -> None:
    wire = Wire(conduct, parcel())

    wire.say("250 ok", "550 5.1.1 nobody", "421 bye")

    assert wire.kinds == [Rejected]
    assert wire.conversation.is_closing


@each_mode
def test_after_leave_was_taken_any_reply_closes(conduct: Conduct) -> None:
    wire = Wire(conduct, parcel())
    wire.say("250 ok", "250 ok", "354 go", "250 queued")
    wire.conversation.quit()

    awaited = wire.conversation.awaits
    wire.say("500 what")

    assert awaited is Step.QUIT
    assert wire.conversation.is_closing
    assert wire.out.endswith(b"QUIT\r\n")


# -- for any relay -------------------------------------------------------------------------------------------------

PLAUSIBLE = [
    b"250 2.1.0 ok\r\n",
    b"250-more\r\n250 ok\r\n",
    b"354 go\r\n",
    b"250 2.0.0 queued\r\n",
    b"450 4.2.0 later\r\n",
    b"550 5.1.1 nobody\r\n",
    b"552 5.2.2 full\r\n",
    b"421 4.3.2 closing\r\n",
    b"503 5.5.1 what\r\n",
    b"530 5.7.0 sign in\r\n",
    b"251 forwarded\r\n",
    b"250 ok\r\n250 ok\r\n354 go\r\n",
]
HOSTILE = [
    b"hello\r\n",
    b"25\n",
    b"150 x\r\n",
    b"600 x\r\n",
    b"\x00\xff\r\n",
    b"\r\n",
    b"250",
    b"-",
    b"250-x\r\n" * 200,
]
SAID = st.one_of(
    st.tuples(st.just("hear"), st.sampled_from(PLAUSIBLE)),
    st.tuples(st.just("hear"), st.sampled_from(PLAUSIBLE)),
    st.tuples(st.just("hear"), st.sampled_from(HOSTILE)),
    st.tuples(st.just("hear"), st.binary(min_size=1, max_size=12)),
    st.tuples(st.just("write"), st.integers(1, 60)),
    st.tuples(st.just("write"), st.none()),
    st.tuples(st.just("write"), st.none()),
)


@settings(max_examples=400, deadline=None)
@given(conduct=st.sampled_from(MODES), pipelining=st.booleans(), acts=st.lists(SAID, max_size=40))
def test_for_any_relay_each_parcel_ends_once_and_a_yes_or_a_doubt_needs_a_written_dot(
    conduct: Conduct, acts: list[tuple[str, bytes | int | None]], *, pipelining: bool
) -> None:
    parcels = [parcel(f"reader{number}") for number in range(5)]
    wire = Wire(conduct, *parcels, offers=Offers(pipelining=pipelining))

    for act, what in acts:
        if wire.conversation.is_closing:
            break
        before = len(wire.fates)
        if act == "write":
            assert not isinstance(what, bytes)
            wire.write(what)
        else:
            assert isinstance(what, bytes)
            dots = {one for one in parcels if wire.dot_of(one)}
            wire.hear(what)
            for one, fate in wire.fates[before:]:
                assert not isinstance(fate, Accepted | InDoubt) or one in dots, (act, what)
                assert not isinstance(fate, Accepted) or 200 <= fate.code < 300
    dots = {one for one in parcels if wire.dot_of(one)}
    before = len(wire.fates)
    wire.lose()

    for one, fate in wire.fates[before:]:
        assert isinstance(fate, InDoubt if one in dots else NotTried)
    ended = [one for one, _ in wire.fates]
    proposed = parcels[: len(parcels) - len(wire.waiting)]
    assert len(ended) == len(set(ended))
    assert set(ended) == set(proposed)
