"""Joined pieces are the same bytes as a page that was compiled for one reader alone."""

import dataclasses
import datetime as dt
import itertools

import jinja2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.errors import TemplateError
from digest.model.draft import Draft
from digest.model.newsletter import Newsletter
from digest.model.rendered import RenderedDigest
from digest.render import render, view
from digest.render.cut import Stencil
from digest.render.stage import Context, page, plain

SLUGS = ("electric", "industry", "rules", "on-the-road")


def rendered_in_full(
    draft: Draft, newsletter: Newsletter, templates: jinja2.Environment, now: dt.datetime, chosen: set[str]
) -> view.EditionView:
    """Return the page of the chosen sections only, with their lead taken out of its section."""
    whole = view.edition(draft, newsletter.language, now)
    scores = {s.slug: s.stories[0].score.total for s in draft.sections if s.slug in chosen}
    lead = max(scores, key=lambda slug: scores[slug])
    mine = [s for s in whole.sections if s.slug in chosen]
    indexes = [s.index for s in mine]
    deep = {(line.index, line.place): line for line in whole.lines if line.index in indexes}
    lead_index = next(s.index for s in mine if s.slug == lead)
    ranked = sorted(
        (place for place in deep if place != (lead_index, 0)),
        key=lambda p: (p[1] - (p[0] == lead_index), -draft.sections[p[0]].stories[p[1]].score.total, p),
    )[:3]
    return dataclasses.replace(
        whole,
        lines=tuple(deep[place] for place in ranked) if len(ranked) > 1 else (),
        leads=tuple(found for found in whole.leads if found.index == lead_index),
        sections=tuple(
            dataclasses.replace(s, first=None) if s.slug == lead else s for s in mine if s.slug != lead or s.second
        ),
    )


@pytest.fixture
def compiled(sample: Draft, newsletter: Newsletter, templates: jinja2.Environment, now: dt.datetime) -> RenderedDigest:
    return render(sample, newsletter, templates, now)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chosen=st.sets(st.sampled_from(SLUGS), min_size=1))
def test_joined_pieces_equal_a_page_rendered_for_those_sections_alone(
    chosen: set[str],
    compiled: RenderedDigest,
    sample: Draft,
    newsletter: Newsletter,
    templates: jinja2.Environment,
    now: dt.datetime,
    values: dict[str, str],
) -> None:
    stencil = Stencil("0123456789ab")
    joined = compiled.fill(chosen, values)
    minutes = max(1, round(sum(s.words for s in compiled.sections if s.slug in chosen) / 230))
    context: Context = {
        "paper": view.paper(newsletter),
        "words": view.words(templates, newsletter.language),
        "edition": rendered_in_full(sample, newsletter, templates, now, chosen),
        "slots": values
        | {
            "reader": f"{values['name']} ({values['address_hint']})",
            "minutes": str(minutes),
            "preheader": joined.html.split("overflow:hidden;")[1].split(">", 1)[1].split("\u034f")[0],
        },
        "mark": stencil.mark,
    }

    html = "".join(
        str(part) for piece in stencil.cut(page(templates, context, stencil), is_html=True).values() for part in piece
    )
    text = "".join(
        str(part) for piece in stencil.cut(plain(templates, context), is_html=False).values() for part in piece
    )

    assert joined.html == html
    assert joined.text == text


def test_every_choice_of_sections_has_one_lead_and_never_shows_it_twice(
    compiled: RenderedDigest, sample: Draft, values: dict[str, str]
) -> None:
    for size in range(1, 5):
        for chosen in itertools.combinations(SLUGS, size):
            text = compiled.fill(chosen, values).text

            best = max((s for s in sample.sections if s.slug in chosen), key=lambda s: s.stories[0].score.total)
            for section in sample.sections:
                for story in section.stories:
                    assert text.splitlines().count(story.url) == (section.slug in chosen), story.headline
            assert text.index(best.stories[0].url) == min(
                text.index(s.url) for section in sample.sections if section.slug in chosen for s in section.stories
            )


def test_a_template_that_swallows_a_slot_is_refused_with_its_remedy(templates: jinja2.Environment) -> None:
    stencil = Stencil("0123456789ab")
    source = f"<p>{stencil.slots['view_url']}</p>{stencil.mark('closing')}"

    with pytest.raises(TemplateError, match="lost or doubled"):
        stencil.check(source, "<p></p>")
