"""The verb: compile an Edition once, into pieces that are joined for each reader."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import TypedDict

import jinja2
from markupsafe import Markup

from digest.errors import TemplateError, WrongState
from digest.model.draft import Draft, Section
from digest.model.layout import KEPT, Size, words_in
from digest.model.newsletter import Newsletter
from digest.model.pieces import Piece, SectionPieces, Shell
from digest.model.rendered import Phrases, RenderedDigest, RenderedSection, Topic, reading_minutes
from digest.model.text import printable
from digest.render import view
from digest.render.cut import Stencil
from digest.render.markup import compile_markup
from digest.render.pages import render_template, template_module
from digest.render.press import Press
from subscribers.cadence import Cadence

MJML = "digest/body.mjml"
TEXT = "digest/body.txt"
CORRECTION = "digest/correction.txt"
PHRASES = "digest/phrases.txt"


class Context(TypedDict):
    """What the templates of a digest see, besides the words of their language."""

    paper: view.Paper
    edition: view.EditionView
    slots: Mapping[str, str]
    mark: Callable[..., Markup]


def render(draft: Draft, newsletter: Newsletter, press: Press) -> RenderedDigest:
    """
    Return *draft* compiled for every choice of its Sections.

    TemplateError when a template is at fault, SettingsError when the newsletter's language or look is, WrongState when
    *draft* has no Story.
    """
    if not draft.sections:
        raise WrongState(f"No. {draft.number} of {draft.newsletter} has no story; add one before it is rendered")
    stencil = Stencil(hashlib.sha256(repr(draft).encode()).hexdigest()[:12])
    context: Context = {
        "paper": view.paper(newsletter),
        "edition": view.edition(draft, newsletter, press),
        "slots": stencil.slots,
        "mark": stencil.mark,
    }
    html = _Pieces(MJML, stencil.cut(page(press.environment, context, stencil), is_html=True))
    text = _Pieces(TEXT, stencil.cut(plain(press.environment, context), is_html=False))
    sections = tuple(_section(index, section, html, text) for index, section in enumerate(draft.sections))
    return RenderedDigest(
        subject=printable(draft.subject),
        language=newsletter.language,
        preheader=printable(draft.preheader),
        phrases=phrases(press.environment, sum(words_in(piece) for each in sections for piece in each.text.every)),
        topics=tuple(Topic(plan.slug, printable(plan.title)) for plan in newsletter.sections),
        sections=sections,
        html=html.shell(),
        text=text.shell(),
        longest={name: Size.of(url.encode()).quoted for name, url in press.longest.items()},
        is_flowed=newsletter.text_flowed,
        keeps_subject=draft.cadence is Cadence.CORRECTION,
    )


def page(environment: jinja2.Environment, context: Context, stencil: Stencil) -> str:
    """Return the HTML of the page that *context* describes, with the marks and tokens of *stencil* still in it."""
    source = render_template(environment, MJML, context)
    html = compile_markup(MJML, source, environment)
    stencil.check(source, html)
    return html


def plain(environment: jinja2.Environment, context: Context) -> str:
    """Return the text part of the page that *context* describes, with its marks and tokens still in it."""
    return render_template(environment, TEXT, context)


def phrases(environment: jinja2.Environment, words: int) -> Phrases:
    """Return what is said of a set of sections in the language of *environment*, which has *words* words at most."""
    said = template_module(environment, PHRASES)
    return Phrases(
        anyone=str(said.anyone),
        reading=tuple(str(said.reading(count)) for count in range(1, reading_minutes(words) + 1)),
        follows_all=str(said.follows_all),
        follows=str(said.follows("{}")),
    )


class _Pieces:
    """The pieces of one medium by name; one that the template has not marked is its author's to mend."""

    def __init__(self, template: str, pieces: Mapping[str, Piece]) -> None:
        self._template = template
        self._pieces = pieces

    def __getitem__(self, name: str) -> Piece:
        try:
            return self._pieces[name]
        except KeyError:
            raise TemplateError(
                f"{self._template} has no mark {name}; see the packaged template for its place"
            ) from None

    def shell(self) -> Shell:
        return Shell(opening=self["opening"], today=self["today"], today_end=self["today.end"], closing=self["closing"])

    def section(self, index: int, stories: Sequence[object]) -> SectionPieces:
        return SectionPieces(
            lead=self[f"lead.{index}"],
            head=self[f"head.{index}"],
            mediums=self._many("medium", index, len(stories[: view.MEDIUMS])),
            briefs=self._many("brief", index, len(stories)),
            more=self[f"more.{index}"] if len(stories) > KEPT else (),
            elsewhere=self[f"elsewhere.{index}"],
            tail=self[f"tail.{index}"],
            lines=self._many("line", index, len(stories[: view.LINES])),
        )

    def _many(self, name: str, index: int, count: int) -> tuple[Piece, ...]:
        return tuple(self[f"{name}.{index}.{place}"] for place in range(count))


def _section(index: int, section: Section, html: _Pieces, text: _Pieces) -> RenderedSection:
    best = section.stories[: view.LINES]
    return RenderedSection(
        slug=section.slug,
        title=printable(section.title),
        html=html.section(index, section.stories),
        text=text.section(index, section.stories),
        headlines=tuple(view.headline(story) for story in best),
        scores=tuple(story.score.standing for story in best),
    )
