"""A page rendered for one reader alone, from the templates on: what joined pieces are held against."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any

from digest.model.draft import Draft
from digest.model.layout import KEPT, Step
from digest.model.newsletter import Newsletter
from digest.model.rendered import TODAY_LINES, reading_minutes
from digest.model.text import printable, shorten, word_count, wrap
from digest.render import view
from digest.render.cut import Stencil
from digest.render.pages import template_module
from digest.render.press import Press
from digest.render.stage import PHRASES, page, plain


@dataclass(frozen=True, slots=True)
class InFull:
    """Both parts of one reader's mail."""

    html: str
    text: str


def rendered_in_full(
    draft: Draft,
    newsletter: Newsletter,
    press: Press,
    chosen: Collection[str],
    steps: Mapping[str, Step],
    values: Mapping[str, str],
) -> InFull:
    """Return the mail of a reader of the *chosen* sections, each in its step, through Jinja, MJML and the inliner."""
    whole = view.edition(draft, newsletter, press)
    scores = {s.slug: [story.score.standing for story in s.stories] for s in draft.sections if s.slug in chosen}
    lead = max(scores, key=lambda slug: scores[slug][0])
    mine = [section for section in whole.sections if section.slug in chosen]
    depth = sorted(
        (place - (section.slug == lead), -scores[section.slug][place], section.index, place)
        for section in mine
        for place in range(min(view.LINES, len(section.stories)))
        if (section.slug, place) != (lead, 0)
    )[:TODAY_LINES]
    lines = [(index, place) for _, _, index, place in depth] if len(depth) > 1 else []
    edition = replace(
        whole,
        lines=tuple(next(li for li in whole.lines if (li.index, li.place) == where) for where in lines),
        leads=tuple(found for found in whole.leads if whole.sections[found.index].slug == lead),
        sections=tuple(
            shown for shown in (_shown(s, steps[s.slug], is_led=s.slug == lead) for s in mine) if shown is not None
        ),
    )
    told = [next(s.stories[0].headline for s in mine if s.slug == lead), *(line.headline for line in edition.lines)]
    said = template_module(press.environment, PHRASES)
    titles = [printable(plan.title) for plan in newsletter.sections if plan.slug in chosen]
    is_best = lead == max(draft.sections, key=lambda s: s.stories[0].score.standing).slug
    subject = draft.subject if is_best else shorten(told[0], 70)
    follows = said.follows_all if len(titles) == len(newsletter.sections) else said.follows(" · ".join(titles))
    slots = dict(values) | {
        "reader": f"{values['name']} ({values['address_hint']})",
        "reading": "",
        "preheader": shorten(" · ".join(headline for headline in told if headline not in subject), 150),
        "follows": str(follows),
    }
    stencil = Stencil("0123456789ab")
    context: Any = {"paper": view.paper(newsletter), "edition": edition, "slots": slots, "mark": stencil.mark}
    left_out = {
        f"{name}.{s.index}"
        for s in mine
        for name in (("head", "tail") if steps[s.slug] is Step.NAME else ("elsewhere",))
    }
    unread = stencil.cut(plain(press.environment, context), is_html=False)
    words = sum(
        word_count(part)
        for name, piece in unread.items()
        if name not in left_out and name.partition(".")[0] in {"lead", "head", "medium", "brief", "more", "elsewhere"}
        for part in piece
        if isinstance(part, str)
    )
    slots["reading"] = str(said.reading(reading_minutes(words)))
    html = page(press.environment, context, stencil)
    text = plain(press.environment, context | {"slots": slots | {"follows": wrap(slots["follows"])}})
    return InFull(
        html=_without_marks(html, stencil, left_out, is_html=True),
        text=_without_marks(text, stencil, left_out, is_html=False),
    )


def _shown(section: view.SectionView, step: Step, *, is_led: bool) -> Any:
    """Return what the templates see of a Section of which only these forms are wanted; None for nothing at all."""
    first = 1 if is_led else 0
    mediums: tuple[view.StoryView, ...] = ()
    briefs = section.stories[first:]
    more = 0
    if step is Step.LONG:
        mediums, briefs = section.mediums[first:], section.stories[max(first, view.MEDIUMS) :]
    elif step is Step.WEB and section.more:
        briefs, more = section.stories[first:KEPT], section.more
    if not (mediums or briefs):
        return None
    if step is Step.NAME:
        briefs = ()
    return SimpleNamespace(
        index=section.index, slug=section.slug, title=section.title, mediums=mediums, stories=briefs, more=more
    )


def _without_marks(text: str, stencil: Stencil, left_out: Collection[str], *, is_html: bool) -> str:
    pieces = stencil.cut(text, is_html=is_html)
    return "".join(
        part for name, piece in pieces.items() if name not in left_out for part in piece if isinstance(part, str)
    )
