"""The exports of other programs: who reads there comes in with what the file proves, who had left never does."""

import io
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from subscribers import consent, export_csv, suppression
from subscribers.address import fingerprint
from subscribers.errors import ImportFault
from subscribers.import_csv import Format, ImportPlan, ImportReport, Reason, import_readers
from subscribers.model import Subscriber, Subscription, SubscriptionState, Suppression, SuppressionReason

AddOne = Callable[..., Subscription]
TakeIn = Callable[..., ImportReport]

LISTMONK = (
    "uuid,email,name,attributes,status,created_at,updated_at\n"
    '1,ana@reader.example,Ana,"{""city"": ""Lima""}",enabled,2024-03-01 10:00:00.12 +0000 UTC,2024-03-02 10:00:00Z\n'
    "2,ben@reader.example,Ben,{},disabled,2024-03-01 10:00:00Z,2024-03-02 10:00:00Z\n"
    "3,cleo@reader.example,Cleo,{},blocklisted,2024-03-01 10:00:00Z,2024-03-02 10:00:00Z\n"
)
MAILCHIMP = (
    "Email Address,First Name,Last Name,MEMBER_RATING,OPTIN_TIME,OPTIN_IP,CONFIRM_TIME,CONFIRM_IP,LEID,TAGS\n"
    "ana@reader.example,Ana,Pérez,2,2024-03-01 10:00:00,192.0.2.7,2024-03-01 10:05:00,192.0.2.8,1,vip\n"
    "ben@reader.example,,Bakker,2,,,2024-03-01 10:05:00,nonsense,2,\n"
)
MAILCHIMP_LEFT = (
    "Email Address,First Name,MEMBER_RATING,OPTIN_TIME,UNSUB_TIME,UNSUB_CAMPAIGN_TITLE,UNSUB_REASON,LEID\n"
    "ben@reader.example,Ben,2,2023-01-01 10:00:00,{at},No. 7,NORMAL,2\n"
)
MAILCHIMP_CLEANED = (
    "Email Address,First Name,MEMBER_RATING,OPTIN_TIME,CLEAN_TIME,CLEAN_CAMPAIGN_TITLE,LEID\n"
    "ben@reader.example,Ben,2,2023-01-01 10:00:00,2024-03-01 10:00:00,No. 7,2\n"
)
SUBSTACK = (
    "email,active_subscription,expiry,plan,email_disabled,created_at,first_payment_at\n"
    "ana@reader.example,false,,other,false,2024-03-01T10:00:00.000Z,\n"
    "ben@reader.example,true,2026-12-01T00:00:00.000Z,yearly,true,2024-03-01T10:00:00.000Z,\n"
)
GHOST = (
    "id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,deleted_at,labels,tiers\n"
    "1,ana@reader.example,Ana,,true,false,,2024-03-01T10:00:00.000Z,,,\n"
    "2,ben@reader.example,Ben,,false,false,,2024-03-01T10:00:00.000Z,,,\n"
    "3,cleo@reader.example,Cleo,,true,false,,2024-03-01T10:00:00.000Z,2024-04-01T10:00:00.000Z,,\n"
)

SUBSTACK_DASHBOARD = (
    "Email,Name,Stripe plan,Cancel date,Start date,Emails received (6mo),Activity,State/Province,Sections\n"
    'ana@reader.example,Ana,,,2024-03-01T10:00:00.000Z,12,3,,"The Main Letter, Podcast"\n'
)
BUTTONDOWN = (
    "id,email_address,creation_date,secondary_id,type,tags\n"
    "1,ana@reader.example,2024-03-01T10:00:00Z,1,regular,vip\n"
    "2,ben@reader.example,2024-03-01T10:00:00Z,2,unsubscribed,\n"
    "3,cleo@reader.example,2024-03-01T10:00:00Z,3,spammy,\n"
)


@pytest.fixture
def take_in(session: Session, plan: ImportPlan, now: datetime) -> TakeIn:
    def take(text: str, plan: ImportPlan = plan, **options: Any) -> ImportReport:
        return import_readers(lambda: nullcontext(session), io.BytesIO(text.encode()), plan, now=now, **options)

    return take


@pytest.fixture
def reason_for(session: Session, fingerprint_key: bytes) -> Callable[[str], SuppressionReason | None]:
    return lambda name: suppression.reason_for(session, fingerprint(f"{name}@reader.example", fingerprint_key))


@pytest.fixture
def wording_for(session: Session, fingerprint_key: bytes) -> Callable[[str], str]:
    return lambda name: consent.history(session, fingerprint(f"{name}@reader.example", fingerprint_key))[-1].wording


def names(session: Session) -> set[str]:
    return set(session.scalars(select(Subscriber.name)))


@pytest.mark.parametrize(
    ("text", "format_", "left"),
    [
        (LISTMONK, Format.LISTMONK, {"ben": SuppressionReason.UNSUBSCRIBED, "cleo": SuppressionReason.OPERATOR}),
        (SUBSTACK, Format.SUBSTACK, {"ben": SuppressionReason.UNSUBSCRIBED}),
        (BUTTONDOWN, Format.BUTTONDOWN, {"ben": SuppressionReason.UNSUBSCRIBED, "cleo": SuppressionReason.OPERATOR}),
        (GHOST, Format.GHOST, {"ben": SuppressionReason.UNSUBSCRIBED, "cleo": SuppressionReason.UNSUBSCRIBED}),
    ],
)
def test_who_reads_there_comes_in_and_who_had_left_is_suppressed(
    session: Session,
    take_in: TakeIn,
    wording_for: Callable[[str], str],
    text: str,
    format_: Format,
    left: dict[str, SuppressionReason],
) -> None:
    report = take_in(text)

    assert (report.format, report.added) == (format_, 1)
    assert report.counts == {Reason.LEFT_ELSEWHERE: len(left)}
    assert session.scalars(select(Subscriber.address)).all() == ["ana@reader.example"]
    assert set(session.scalars(select(Suppression.reason))) == set(left.values())
    assert all("fair.csv" in note for note in session.scalars(select(Suppression.note)))
    assert wording_for("ana").endswith("; listed 2024-03-01T10:00 says the file")


def test_mailchimp_names_are_joined_and_its_proof_of_consent_is_kept(
    session: Session, take_in: TakeIn, plan: ImportPlan, wording_for: Callable[[str], str]
) -> None:
    report = take_in(MAILCHIMP)

    assert (report.format, report.added) == (Format.MAILCHIMP, 2)
    assert names(session) == {"Ana Pérez", "Bakker"}
    assert wording_for("ana") == (
        f"{plan.ground.wording}; opted in 2024-03-01T10:00 from 192.0.2.7, confirmed 2024-03-01T10:05 from 192.0.2.8 "
        "says the file"
    )
    assert wording_for("ben") == f"{plan.ground.wording}; confirmed 2024-03-01T10:05 says the file"


def test_the_table_of_substacks_dashboard_is_read_and_its_sections_are_not_ours(
    session: Session, take_in: TakeIn, wording_for: Callable[[str], str]
) -> None:
    report = take_in(SUBSTACK_DASHBOARD)

    assert (report.format, report.added, report.refused) == (Format.SUBSTACK, 1, ())
    assert session.scalars(select(Subscription.sections)).one() is None
    assert wording_for("ana").endswith("; listed 2024-03-01T10:00 says the file")


@pytest.mark.parametrize(
    ("heading", "cell", "reason"),
    [
        ("Unsubscribed_At", "2024-03-01T10:00:00Z", SuppressionReason.UNSUBSCRIBED),
        ("unsubscribed", "Yes", SuppressionReason.UNSUBSCRIBED),
        ("EMAIL_BLACKLISTED", "true", SuppressionReason.UNSUBSCRIBED),
        ("bounced", "bounced", SuppressionReason.HARD_BOUNCE),
        ("suppressed", "complaint", SuppressionReason.COMPLAINT),
        ("Accepts Email Marketing", "no", SuppressionReason.UNSUBSCRIBED),
        ("Subscription status", "cleaned", SuppressionReason.HARD_BOUNCE),
    ],
)
def test_a_column_that_says_who_left_or_never_agreed_is_heard_in_any_table(
    session: Session,
    take_in: TakeIn,
    reason_for: Callable[[str], SuppressionReason | None],
    heading: str,
    cell: str,
    reason: SuppressionReason,
) -> None:
    report = take_in(f"email,{heading}\nben@reader.example,{cell}\nana@reader.example,\n")

    assert (report.added, report.counts) == (1, {Reason.LEFT_ELSEWHERE: 1})
    assert reason_for("ben") is reason
    assert reason_for("ana") is None


@pytest.mark.parametrize(
    ("heading", "cell"), [("unsubscribed", "perhaps"), ("opt-in", "perhaps"), ("bounced", "12/13")]
)
def test_a_word_that_leaves_open_who_left_brings_nobody_in(take_in: TakeIn, heading: str, cell: str) -> None:
    report = take_in(f"email,{heading}\nben@reader.example,{cell}\n")

    assert (report.added, report.counts) == (0, {Reason.BAD_STATUS: 1})
    assert "map the column to -" in report.refused[0].fact


@pytest.mark.parametrize("cell", ["no", "0", "FALSE", ""])
def test_a_column_that_says_that_nobody_left_keeps_them(take_in: TakeIn, cell: str) -> None:
    assert take_in(f"email,unsubscribed\nben@reader.example,{cell}\n").added == 1


def test_a_table_of_ones_own_may_prove_consent(take_in: TakeIn, wording_for: Callable[[str], str]) -> None:
    take_in("email,Opt-in time,opt-in IP\nana@reader.example,2024-03-01 10:00,2001:db8::7\n")

    assert wording_for("ana").endswith("; opted in 2024-03-01T10:00 from 2001:db8::7 says the file")


@pytest.mark.parametrize(
    "text", [LISTMONK, "email,status\n" + "".join(f"{name}@reader.example,married\n" for name in "abc")]
)
def test_of_a_list_of_people_who_have_left_nobody_comes_in(
    session: Session, take_in: TakeIn, plan: ImportPlan, text: str
) -> None:
    report = take_in(text, replace(plan, everybody_left=True))

    assert (report.added, report.counts) == (0, {Reason.LEFT_ELSEWHERE: 3})
    assert session.scalar(select(func.count()).select_from(Suppression)) == 3


def test_our_own_export_may_be_a_list_of_people_who_have_left(
    take_in: TakeIn, plan: ImportPlan, reason_for: Callable[[str], SuppressionReason | None]
) -> None:
    out = io.StringIO()
    left = ("ben@reader.example", "Ben", "en", "UTC", "", "daily", "", "ended", "", "", "", "", "", "one-click")
    export_csv.write_csv(out, export_csv.READERS, iter([left]))

    take_in(out.getvalue(), replace(plan, everybody_left=True))

    assert reason_for("ben") is SuppressionReason.UNSUBSCRIBED


def test_who_agreed_here_after_the_day_that_a_column_gives_stays(take_in: TakeIn, add_one: AddOne) -> None:
    add_one("ben@reader.example")

    before = take_in("email,unsubscribed at\nben@reader.example,2024-03-01\n")
    after = take_in("email,unsubscribed at\nben@reader.example,2027-03-01\n")

    assert (before.unchanged, after.counts) == (1, {Reason.LEFT_ELSEWHERE: 1})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (MAILCHIMP_LEFT.format(at="2024-03-01 10:00:00"), SuppressionReason.UNSUBSCRIBED),
        (MAILCHIMP_LEFT.format(at=""), SuppressionReason.UNSUBSCRIBED),
        (MAILCHIMP_CLEANED, SuppressionReason.HARD_BOUNCE),
    ],
)
def test_nobody_of_a_file_of_people_who_had_left_comes_in(
    session: Session,
    take_in: TakeIn,
    reason_for: Callable[[str], SuppressionReason | None],
    text: str,
    reason: SuppressionReason,
) -> None:
    report = take_in(text)

    assert (report.added, report.counts) == (0, {Reason.LEFT_ELSEWHERE: 1})
    assert reason_for("ben") is reason
    assert names(session) == set()


def test_a_dry_run_suppresses_nobody(take_in: TakeIn, reason_for: Callable[[str], SuppressionReason | None]) -> None:
    report = take_in(LISTMONK, dry_run=True)

    assert report.counts == {Reason.LEFT_ELSEWHERE: 2}
    assert reason_for("ben") is None


@pytest.mark.parametrize(
    ("left_at", "stays"), [("2024-03-01 10:00:00", True), ("", True), ("2027-01-01 00:00:00", False)]
)
def test_who_has_agreed_here_since_stays_as_they_are(
    take_in: TakeIn,
    add_one: AddOne,
    reason_for: Callable[[str], SuppressionReason | None],
    left_at: str,
    stays: bool,
) -> None:
    ben = add_one("ben@reader.example")

    report = take_in(MAILCHIMP_LEFT.format(at=left_at))

    assert ben.state is SubscriptionState.ACTIVE
    assert report.unchanged == int(stays)
    assert (reason_for("ben") is None) is stays


def test_who_left_one_newsletter_of_ours_keeps_the_others(
    session: Session, take_in: TakeIn, add_one: AddOne, reason_for: Callable[[str], SuppressionReason | None]
) -> None:
    add_one("ben@reader.example", newsletter="weekly")
    out = io.StringIO()
    left = ("ben@reader.example", "Ben", "en", "UTC", "", "daily", "", "ended", "", "", "", "", "", "one-click")
    export_csv.write_csv(out, export_csv.READERS, iter([left]))

    report = take_in(out.getvalue())

    assert (report.added, dict(report.counts)) == (0, {Reason.LEFT_ELSEWHERE: 1})
    assert reason_for("ben") is None


def test_who_reads_another_newsletter_here_is_not_suppressed_by_an_older_list(
    take_in: TakeIn, add_one: AddOne, reason_for: Callable[[str], SuppressionReason | None]
) -> None:
    add_one("ben@reader.example", newsletter="weekly")

    report = take_in(MAILCHIMP_LEFT.format(at="2024-03-01 10:00:00"))

    assert (report.added, report.unchanged, dict(report.counts)) == (0, 0, {Reason.LEFT_ELSEWHERE: 1})
    assert reason_for("ben") is None


def test_who_only_came_in_a_list_has_not_agreed_here(
    take_in: TakeIn, reason_for: Callable[[str], SuppressionReason | None]
) -> None:
    take_in("email\nben@reader.example\n")

    report = take_in(MAILCHIMP_LEFT.format(at="2024-03-01 10:00:00"))

    assert report.counts == {Reason.LEFT_ELSEWHERE: 1}
    assert reason_for("ben") is SuppressionReason.UNSUBSCRIBED


def test_a_file_that_names_somebody_as_reader_and_as_gone_takes_them_for_gone(
    take_in: TakeIn, reason_for: Callable[[str], SuppressionReason | None]
) -> None:
    take_in("email,status\nben@reader.example,active\nBEN@reader.example,unsubscribed\n")

    assert reason_for("ben") is SuppressionReason.UNSUBSCRIBED


def test_a_graver_reason_takes_the_place_of_one_that_the_reader_could_lift(
    take_in: TakeIn, reason_for: Callable[[str], SuppressionReason | None]
) -> None:
    take_in(MAILCHIMP_LEFT.format(at=""))

    take_in(MAILCHIMP_CLEANED)
    take_in(MAILCHIMP_LEFT.format(at=""))

    assert reason_for("ben") is SuppressionReason.HARD_BOUNCE


def test_of_two_reasons_in_one_file_the_one_that_the_reader_cannot_lift_holds(
    take_in: TakeIn, reason_for: Callable[[str], SuppressionReason | None]
) -> None:
    take_in("email,status\nben@reader.example,unsubscribed\nben@reader.example,bounced\nben@reader.example,left\n")

    assert reason_for("ben") is SuppressionReason.HARD_BOUNCE


def test_a_status_in_unknown_words_brings_nobody_in(session: Session, take_in: TakeIn) -> None:
    report = take_in(
        "email,status\na@reader.example,Subscribed\nb@reader.example,married\nc@reader.example,unconfirmed\n"
        "d@reader.example,PAUSED\n"
    )

    assert report.added == 2
    assert [(refusal.line, refusal.reason) for refusal in report.refused] == [
        (3, Reason.BAD_STATUS),
        (4, Reason.UNCONFIRMED),
    ]
    assert set(session.scalars(select(Subscription.state))) == {SubscriptionState.ACTIVE, SubscriptionState.PAUSED}


def test_a_mapping_wins_over_what_is_recognised(session: Session, take_in: TakeIn, plan: ImportPlan) -> None:
    text = "E-Post;email;Vorname;status\nana@reader.example;old@reader.example;Ana;married\n"

    report = take_in(text, replace(plan, mapping={"e-post": "address", "VORNAME": "first_name", "Status": "-"}))

    assert (report.added, report.ignored_columns) == (1, ("email",))
    assert session.scalars(select(Subscriber.address)).one() == "ana@reader.example"
    assert names(session) == {"Ana"}


@pytest.mark.parametrize(
    ("mapping", "fault"),
    [
        ({"E-Post": "address"}, 'no column "E-Post" to be mapped; it has "email", "vorname"'),
        ({"Vorname": "given"}, '"given" is no field; choose from address, name, first_name'),
        ({"Vorname": "address", "email": "address"}, "names address twice"),
        ({"email": "-"}, "names no column"),
    ],
)
def test_a_mapping_that_cannot_be_is_a_fault_that_names_what_there_is(
    take_in: TakeIn, plan: ImportPlan, mapping: dict[str, str], fault: str
) -> None:
    with pytest.raises(ImportFault, match=fault):
        take_in("email,Vorname\nana@reader.example,Ana\n", replace(plan, mapping=mapping))


@pytest.mark.parametrize("header", ["email,unsubscribed,gone", "email,gone,unsubscribed"])
def test_a_mapping_forgets_no_other_column_of_people_who_left(take_in: TakeIn, plan: ImportPlan, header: str) -> None:
    text = f"{header}\nben@reader.example,no,yes\n"

    with pytest.raises(ImportFault, match="names left twice; make one of the two columns, or map one to -"):
        take_in(text, replace(plan, mapping={"gone": "left"}))

    assert take_in(text, replace(plan, mapping={"gone": "left", "unsubscribed": "-"})).rows == 1


def test_languages_are_read_as_programs_write_them(session: Session, take_in: TakeIn) -> None:
    take_in("email,locale\nana@reader.example,pt_BR\n")

    assert session.scalars(select(Subscriber.language)).one() == "pt-BR"


def test_homographs_and_tags_are_readers_of_their_own_and_case_is_not(session: Session, take_in: TakeIn) -> None:
    report = take_in(
        "email\nana@reader.example\nana+news@reader.example\nANA@READER.EXAMPLE\n"
        "ana@re\u0430der.example\n'+ana@reader.example\n"
    )

    assert (report.added, report.counts) == (4, {Reason.DUPLICATE: 1})
    assert session.scalar(select(func.count()).where(Subscriber.address.startswith("ana@xn--"))) == 1
    assert session.scalar(select(func.count()).where(Subscriber.address == "+ana@reader.example")) == 1


def test_a_name_with_markup_and_control_characters_is_one_line(session: Session, take_in: TakeIn) -> None:
    take_in('email,name\nana@reader.example,"<b>Ana</b>\n\x07 Pérez\u2028"\n')

    assert names(session) == {"<b>Ana</b> Pérez"}


def test_when_somebody_had_left_is_read_in_utc(take_in: TakeIn, add_one: AddOne, now: datetime) -> None:
    assert now == datetime(2026, 11, 23, 6, 30, tzinfo=UTC)
    add_one("ben@reader.example")

    before = take_in(MAILCHIMP_LEFT.format(at="2026-11-23 08:00:00 +0200"))
    after = take_in(MAILCHIMP_LEFT.format(at="2026-11-23 08:00:00"))

    assert (before.unchanged, after.unchanged) == (1, 0)
