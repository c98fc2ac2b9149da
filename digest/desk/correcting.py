"""
Corrections: what was wrong in an Edition that readers have, put right on the web, and by mail where that is wished.

What was sent, and its hash, stay as they are. The mail is an Edition of its own, which waits for an editor's approval.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from babel.dates import format_date

from digest import calendar
from digest.database import Session
from digest.desk.correction_mail import Corrected, mailing
from digest.desk.revising import MADE
from digest.errors import TemplateError, UnfitToSend, WrongState
from digest.model.draft import Draft, Story
from digest.model.edition import CORRECTABLE, Edition, EditionState
from digest.model.ids import EditionId
from digest.model.newsletter import Newsletter
from digest.model.rendered import RenderedDigest
from digest.model.revision import DraftRevision
from digest.model.text import printable
from digest.render import render
from digest.render.languages import locale
from digest.render.pages import template_module
from digest.render.stage import CORRECTION
from digest.render.view import web_address
from digest.services import Services
from digest.store import audit, editions, revisions

#: What the revisions are about that corrections have made.
_CORRECTION = "correction"
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
        sent = _as_sent(session, edition, now)
        edition.correct(draft, _shown(services, newsletter, edition, draft, said), said=said, at=now)
        _keep(session, edition, act=f"corrected: {said}", by=by, at=now)
        corrected = Corrected(said=said, by=by, lately=changed, since_sent=_others(sent, draft))
        mail = mailing(services, session, edition, corrected) if wish.mails else None
        detail = f"{len(changed)} stories: {said}"
        audit.write(session, by=by, act="correct", at=now, about=str(edition), detail=detail)
        return None if mail is None else mail.id


def _require_correctable(edition: Edition) -> None:
    if edition.state not in CORRECTABLE:
        states = " or ".join(sorted(CORRECTABLE))
        raise WrongState(f"{edition} is {edition.state}; only one that is {states} can be corrected")


def _as_sent(session: Session, edition: Edition, now: datetime) -> Draft:
    """Return the Draft that was approved, and have it kept; one that is forgotten is taken to be as it is now."""
    rows = revisions.recent(session, edition.id, revisions.KEPT)
    approved = next((row for row in rows if row.about != _CORRECTION), None)
    if not rows:
        _keep(session, edition, act=MADE, by="", at=edition.approved_at or now)
    return edition.draft if approved is None else approved.draft


def _keep(session: Session, edition: Edition, *, act: str, by: str, at: datetime) -> None:
    row = DraftRevision(
        edition_id=edition.id,
        version=edition.draft_version,
        act=act[:500],
        about=_CORRECTION if by else "",
        by=by,
        at=at,
        before=None,
        after=None,
        content=DraftRevision.packed(edition.draft_json or {}),
    )
    revisions.keep(session, row)


def _others(sent: Draft, now: Draft) -> frozenset[str]:
    """Return the keys of the Stories whose words are others *now* than those that were *sent*."""
    were = {story.key: _words(story) for story in sent.stories}
    return frozenset(story.key for story in now.stories if were.get(story.key) != _words(story))


def _words(story: Story) -> Words:
    return Words(headline=story.headline, summary=story.summary, note=story.note, url=story.url)


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
    return replace(
        story,
        headline=story.headline if printable(words.headline) == printable(story.headline) else words.headline,
        summary=_kept(story.summary, words.summary),
        note=_kept(story.note, words.note),
        url=_kept(story.url, words.url),
    )


def _kept(was: str, given: str) -> str:
    """Return *given*; *was* where that differs in nothing but what a form does to a text, such as its line breaks."""
    lines = given.strip().splitlines()
    same = list(map(printable, was.strip().splitlines())) == list(map(printable, lines))
    return was if same else "\n".join(lines)


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
