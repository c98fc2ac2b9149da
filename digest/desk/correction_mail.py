"""The mail of a correction: an Edition of its own, which takes in what is corrected while it waits for an editor."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from digest.database import Session
from digest.desk.revising import Deed, Desk
from digest.errors import WrongState
from digest.model.draft import Draft, Section, Story
from digest.model.edition import Edition
from digest.render.pages import template_module
from digest.render.stage import CORRECTION
from digest.services import Services
from digest.store import editions
from subscribers.cadence import Cadence


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """What *by* has put right in an Edition, and what is *said* of it; Stories by their keys."""

    said: str
    by: str
    #: Those put right just now, and all whose words are others than those that were sent.
    lately: frozenset[str]
    since_sent: frozenset[str]


def mailing(services: Services, session: Session, first: Edition, corrected: Corrected) -> Edition:
    """
    Return the Edition that mails what was *corrected* in *first*: the open one with what is new in it, else a new one.

    WrongState when it has nothing to show or went out already, and when that of another Edition is in its place.
    """
    now = services.clock.now()
    mail = editions.open_for(session, first.newsletter, Cadence.CORRECTION, first.date, due_at=now)
    if mail.corrects_id not in {None, first.id}:
        raise WrongState(f"{first.date} has a correction by mail already, of another Edition; leave the mail out")
    if mail.is_prepared and not mail.is_open:
        raise WrongState(f"the correction by mail is {mail.state} already, and there is one only; leave the mail out")
    if mail.is_prepared:
        _take_in(Desk.open(services, session, mail.id, corrected.by), first.draft, corrected)
        return mail
    draft = _mailed(services, first, corrected)
    if not draft.sections:
        raise WrongState("no story is changed, so that a mail would be empty; leave the mail out, or change one")
    assert first.period_start is not None  # it went out, so it was saved
    assert first.period_end is not None
    period = (first.period_start, first.period_end)
    mail.save(draft, period=period, coverage=(first.sources_answered, first.sources_asked))
    mail.corrects_id = first.id
    return mail


def _mailed(services: Services, first: Edition, corrected: Corrected) -> Draft:
    """Return the Draft of the mail: what is said, and the Stories that were corrected."""
    draft = first.draft
    told = template_module(services.environment(services.newsletter(first.newsletter)), CORRECTION)
    sections = (
        replace(section, stories=tuple(story for story in section.stories if story.key in corrected.since_sent))
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


def _take_in(desk: Desk, first: Draft, corrected: Corrected) -> None:
    """Bring what is new in *first* into the mail on the *desk*; what editors have made of that stays."""
    draft = _said_in(_joined(desk.edition.draft, first, corrected), corrected.said)
    if draft != desk.edition.draft:
        told = f"took in what was corrected: {corrected.said}"
        desk.write(draft, Deed(verb="edit", told=told, about="correction", before=desk.start().version))


def _said_in(mail: Draft, said: str) -> Draft:
    """Return *mail* with what is *said* now in place of what was said before, or after what an editor has written."""
    if mail.intro == mail.preheader:
        return replace(mail, intro=said, preheader=said)
    return mail if said in mail.intro else replace(mail, intro=f"{mail.intro}\n{said}".strip())


def _joined(mail: Draft, first: Draft, corrected: Corrected) -> Draft:
    """Return *mail* with the words that its Stories have lately got in *first*, and with the Stories that it lacks."""
    fresh = {story.key: story for story in first.stories}
    benched = {seat.story.key for seat in mail.bench if seat.story is not None}
    known = benched | {story.key for story in mail.stories}
    missing = corrected.since_sent - known

    def renewed(stories: Iterable[Story]) -> list[Story]:
        return [
            _reworded(one, fresh[one.key]) if one.key in corrected.lately & fresh.keys() else one for one in stories
        ]

    sections = {section.slug: replace(section, stories=tuple(renewed(section.stories))) for section in mail.sections}
    for section in first.sections:
        more = tuple(story for story in section.stories if story.key in missing)
        here = sections.get(section.slug, replace(section, stories=()))
        if more:
            sections[section.slug] = replace(here, stories=(*here.stories, *more))
    return replace(mail, sections=_ordered(sections.values(), [section.slug for section in first.sections]))


def _ordered(sections: Iterable[Section], order: list[str]) -> tuple[Section, ...]:
    places = {slug: place for place, slug in enumerate(order)}
    return tuple(sorted(sections, key=lambda section: places.get(section.slug, len(order))))


def _reworded(story: Story, fresh: Story) -> Story:
    return replace(
        story, headline=fresh.headline, summary=fresh.summary, note=fresh.note, url=fresh.url, is_edited=True
    )
