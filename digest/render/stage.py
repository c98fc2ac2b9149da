"""The verb: compile an Edition once, into pieces that are joined for each reader."""

import datetime as dt
import hashlib
from collections.abc import Callable, Mapping
from typing import TypedDict

import jinja2
from jinja2.environment import TemplateModule
from markupsafe import Markup

from digest.errors import TemplateError, WrongState
from digest.model.draft import Draft, Section
from digest.model.newsletter import Newsletter
from digest.model.rendered import Piece, RenderedDigest, RenderedSection, SectionPieces, Shell, printable
from digest.render import view
from digest.render.cut import Stencil
from digest.render.markup import compile_markup
from digest.render.pages import localised, render_template

MJML = "digest/body.mjml"
TEXT = "digest/body.txt"


class Context(TypedDict):
    """What the templates of a digest see."""

    paper: view.Paper
    words: TemplateModule
    edition: view.EditionView
    slots: Mapping[str, str]
    mark: Callable[..., Markup]


def render(draft: Draft, newsletter: Newsletter, environment: jinja2.Environment, now: dt.datetime) -> RenderedDigest:
    """
    Return *draft* compiled for every choice of its Sections; ages of Stories are counted back from *now*.

    TemplateError when a template is at fault, SettingsError when the newsletter's language or colours are, WrongState
    when *draft* has no Story.
    """
    if not draft.sections:
        raise WrongState(f"No. {draft.number} of {draft.newsletter} has no story; add one before it is rendered")
    stencil = Stencil(hashlib.sha256(repr(draft).encode()).hexdigest()[:12])
    words = view.words(environment, newsletter.language)
    context: Context = {
        "paper": view.paper(newsletter),
        "words": words,
        "edition": view.edition(draft, newsletter.language, now),
        "slots": stencil.slots,
        "mark": stencil.mark,
    }
    html = _Pieces(MJML, stencil.cut(page(environment, context, stencil), is_html=True))
    text = _Pieces(TEXT, stencil.cut(plain(environment, context), is_html=False))
    return RenderedDigest(
        subject=printable(draft.subject),
        language=newsletter.language,
        preheader=printable(draft.preheader),
        anyone=str(getattr(words, "anyone", "")),
        sections=tuple(_section(index, section, html, text) for index, section in enumerate(draft.sections)),
        html=html.shell(),
        text=text.shell(),
    )


def page(environment: jinja2.Environment, context: Context, stencil: Stencil) -> str:
    """Return the HTML of the page that *context* describes, with the marks and tokens of *stencil* still in it."""
    source = render_template(localised(environment, MJML, context["paper"].language), context)
    html = compile_markup(MJML, source, environment)
    stencil.check(source, html)
    return html


def plain(environment: jinja2.Environment, context: Context) -> str:
    """Return the text part of the page that *context* describes, with its marks and tokens still in it."""
    return render_template(localised(environment, TEXT, context["paper"].language), context)


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

    def section(self, index: int, lines: int) -> SectionPieces:
        return SectionPieces(
            lead=self[f"lead.{index}"],
            head=self[f"head.{index}"],
            first=self[f"first.{index}"],
            rest=self[f"rest.{index}"],
            lines=tuple(self[f"line.{index}.{place}"] for place in range(lines)),
        )


def _section(index: int, section: Section, html: _Pieces, text: _Pieces) -> RenderedSection:
    best = section.stories[: view.LINES]
    return RenderedSection(
        slug=section.slug,
        title=printable(section.title),
        html=html.section(index, len(best)),
        text=text.section(index, len(best)),
        headlines=tuple(printable(story.headline) for story in best),
        scores=tuple(story.score.standing for story in best),
        words=sum(view.word_count(story) for story in section.stories),
    )
