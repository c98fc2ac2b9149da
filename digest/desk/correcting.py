"""
Corrections: what was wrong in an Edition that readers have, put right on the web, and by mail where that is wished.

What was sent, and its hash, stay as they are. The mail is an Edition of its own, which waits for an editor's approval.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from babel.dates import format_date

from digest import calendar
from digest.database import Session
from digest.errors import TemplateError, UnfitToSend, WrongState
from digest.model.draft import Draft, Section, Story
from digest.model.edition import CORRECTABLE, Edition, EditionState
from digest.model.ids import EditionId
from digest.model.newsletter import Newsletter
from digest.model.rendered import RenderedDigest
from digest.model.text import printable
from digest.render import render
from digest.render.languages import locale
from digest.render.pages import template_module
from digest.render.stage import CORRECTION
from digest.render.view import web_address
from digest.services import Services
from digest.store import audit, editions
from subscribers.cadence import Cadence

#: So long is the sentence that says what was wrong, in characters.
LONGEST = 500
#: So long are a headline or a link, and a summary or a note.
LONGEST_LINE, LONGEST_TEXT = 500, 3000


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The words of one Story as they should have been."""

    headline: str
    summary: str
    note: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionWish:
    """What editors want put right: the *stories* by their keys; *said* tells readers what was wrong."""

    said: str
    stories: Mapping[str, Words]
    #: Whether those who got the Edition are to get a mail, too.
    mails: bool = False


def correct(services: Services, edition_id: EditionId, wish: CorrectionWish, *, by: str) -> EditionId | None:
    """
    Show the Edition corrected from now on, and return the Edition that mails it, if one is wished for.

    Saved again while that mail is open, it takes the further Stories in. WrongState when the Edition is not one that
    readers get, when nothing is said or a Story lacks its headline or link, and when its mail has gone out already.
    """
    said = " ".join(wish.said.split())
    if not said:
        raise WrongState("nothing is said to readers; write in one sentence what was wrong")
    if len(said) > LONGEST:
        raise WrongState(f"the sentence has {len(said)} characters; {LONGEST} are the most")
    now = services.clock.now()
    with services.session() as session:
        edition = editions.get(session, edition_id, lock=True)
        newsletter = services.newsletter(edition.newsletter)
        draft, changed = _put_right(edition.draft, wish.stories)
        _require_correctable(edition)
        edition.correct(draft, _shown(services, newsletter, edition, draft, said), said=said, at=now)
        mail = _mail(services, session, edition, Corrected(newsletter, said, changed)) if wish.mails else None
        detail = f"{len(changed)} stories: {said}"
        audit.write(session, by=by, act="correct", at=now, about=str(edition), detail=detail)
        return None if mail is None else mail.id


@dataclass(frozen=True, slots=True)
class Corrected:
    """What was put right in an Edition of *newsletter*: the keys of the Stories, and what is said of it."""

    newsletter: Newsletter
    said: str
    keys: frozenset[str]


def _require_correctable(edition: Edition) -> None:
    if edition.state not in CORRECTABLE:
        states = " or ".join(sorted(CORRECTABLE))
        raise WrongState(f"{edition} is {edition.state}; only one that is {states} can be corrected")


def _put_right(draft: Draft, wished: Mapping[str, Words]) -> tuple[Draft, frozenset[str]]:
    """Return *draft* with the *wished* words in its Stories, and the keys of those that are others now."""
    changed: set[str] = set()

    def story(before: Story) -> Story:
        words = wished.get(before.key)
        if words is None:
            return before
        after = _reworded(before, words)
        if after == before:
            return before
        changed.add(before.key)
        return replace(after, is_edited=True)

    sections = (replace(section, stories=tuple(map(story, section.stories))) for section in draft.sections)
    return replace(draft, sections=tuple(sections)), frozenset(changed)


def _reworded(story: Story, words: Words) -> Story:
    called = printable(story.headline)[:80]
    if not printable(words.headline):
        raise WrongState(f'"{called}" would lose its headline; give one')
    if words.url != story.url and not web_address(words.url):
        raise WrongState(f'the link of "{called}" is no web address; begin it with https://')
    for what, text, most in (
        ("headline", words.headline, LONGEST_LINE),
        ("link", words.url, LONGEST_LINE * 4),
        ("summary", words.summary, LONGEST_TEXT),
        ("note", words.note, LONGEST_TEXT),
    ):
        if len(text) > most:
            raise WrongState(f'the {what} of "{called}" has {len(text)} characters; {most} are the most')
    return replace(story, headline=words.headline, summary=words.summary, note=words.note, url=words.url)


def _shown(services: Services, newsletter: Newsletter, edition: Edition, draft: Draft, said: str) -> RenderedDigest:
    """Return the pages of the corrected *draft*, which say so at their top."""
    press = services.press(newsletter, edition.id)
    today = calendar.local_date(press.now, newsletter.schedule.zone)
    try:
        told = template_module(press.environment, CORRECTION)
        line = str(told.line(format_date(today, "medium", locale=locale(newsletter.language)), said))
        intro = f"{line} {draft.intro}" if draft.intro else line
        return render(replace(draft, intro=intro), newsletter, press)
    except TemplateError as fault:
        raise UnfitToSend(f"a template is at fault: {fault}") from fault


def _mail(services: Services, session: Session, first: Edition, corrected: Corrected) -> Edition:
    """Return the Edition that mails what was *corrected*: the open one with what is new in it, else a new one."""
    now = services.clock.now()
    mail = editions.open_for(session, first.newsletter, Cadence.CORRECTION, first.date, due_at=now)
    if mail.corrects_id not in {None, first.id}:
        raise WrongState(f"{first.date} has a correction by mail already, of another Edition; leave the mail out")
    if mail.is_prepared and not mail.is_open:
        raise WrongState(f"the correction by mail is {mail.state} already, and there is one only; leave the mail out")
    already = frozenset(story.key for story in mail.draft.stories) if mail.is_prepared else frozenset[str]()
    draft = _mailed(services, first, replace(corrected, keys=corrected.keys | already))
    if not draft.sections:
        raise WrongState("no story is changed, so that a mail would be empty; leave the mail out, or change one")
    if mail.is_prepared:
        mail.illustrate(draft)
        return mail
    assert first.period_start is not None  # it went out, so it was saved
    assert first.period_end is not None
    period = (first.period_start, first.period_end)
    mail.save(draft, period=period, coverage=(first.sources_answered, first.sources_asked))
    mail.corrects_id = first.id
    return mail


def _mailed(services: Services, first: Edition, corrected: Corrected) -> Draft:
    """Return the Draft of the mail: what is said, and the Stories that were corrected."""
    draft, newsletter = first.draft, corrected.newsletter
    told = template_module(services.environment(newsletter), CORRECTION)
    sections = (
        Section(
            slug=section.slug,
            title=section.title,
            stories=tuple(story for story in section.stories if story.key in corrected.keys),
        )
        for section in draft.sections
    )
    return Draft(
        newsletter=draft.newsletter,
        cadence=Cadence.CORRECTION,
        date=draft.date,
        number=draft.number,
        subject=str(told.subject(draft.subject)),
        preheader=corrected.said,
        intro=corrected.said,
        sections=tuple(section for section in sections if section.stories),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Correctable:
    """An Edition whose words can be put right, with what was said of it last."""

    edition_id: EditionId
    newsletter: Newsletter
    state: EditionState
    draft: Draft
    number: int
    said: str
    is_corrected: bool
    #: The Edition that mails the correction, and whether it can still take something in; None where there is none.
    mail_id: EditionId | None
    mail_is_open: bool


def correctable(services: Services, edition_id: EditionId) -> Correctable:
    """Return the Edition for the form that corrects it; WrongState when it is not one that readers get."""
    with services.reading() as session:
        edition = editions.get(session, edition_id)
        _require_correctable(edition)
        if edition.corrects_id is not None:
            raise WrongState(f"{edition} is a correction itself; correct the Edition that it is about")
        mails = editions.corrections_of(session, edition_id)
        mail = mails[0] if mails else None
        return Correctable(
            edition_id=edition.id,
            newsletter=services.newsletter(edition.newsletter),
            state=edition.state,
            draft=edition.draft,
            number=edition.number,
            said=edition.correction,
            is_corrected=edition.corrected_at is not None,
            mail_id=None if mail is None else mail.id,
            mail_is_open=mail is not None and mail.is_open,
        )


def pages(services: Services, edition_id: EditionId, *, as_sent: bool) -> RenderedDigest:
    """Return the pages of an Edition *as_sent*, or as the web shows them now; WrongState before approval."""
    with services.reading() as session:
        edition = editions.get(session, edition_id)
        return edition.rendered if as_sent else edition.shown
