"""What inlining leaves alone: every sheet but the marked one, and all that the night and phones need."""

import datetime as dt

import jinja2
from mjml import mjml2html

from digest.model.draft import Draft
from digest.model.newsletter import Newsletter
from digest.render import view
from digest.render.cut import Stencil
from digest.render.inline import inline, protect
from digest.render.pages import render_template


def test_only_the_marked_sheet_is_left_to_the_inliner() -> None:
    html = (
        "<!--[if mso]><style>a{}</style><![endif]--><style>b{}</style>"
        '<style media="print">c{}</style><style>/*inline*/d{}</style>'
    )

    assert protect(html) == (
        '<!--[if mso]><style>a{}</style><![endif]--><style data-premailer="ignore">b{}</style>'
        '<style media="print">c{}</style><style>/*inline*/d{}</style>'
    )


def test_inlining_keeps_every_rule_for_phones_and_for_the_night(
    sample: Draft, newsletter: Newsletter, templates: jinja2.Environment, now: dt.datetime
) -> None:
    stencil = Stencil("0123456789ab")
    source = render_template(
        templates.get_template("digest/body.mjml"),
        {
            "paper": view.paper(newsletter),
            "words": view.words(templates, "en"),
            "edition": view.edition(sample, "en", now),
            "slots": stencil.slots,
            "mark": stencil.mark,
        },
    )
    before = mjml2html(source, fonts={})

    after = inline(before)

    for kept in ("!important", "@media", "[data-ogsc]", "[data-ogsb]", "<!--[if", "<![endif]-->"):
        assert after.count(kept) == before.count(kept) > 0, kept
    assert "/*inline*/" not in after
    assert "data-premailer" not in after
