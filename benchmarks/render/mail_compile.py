"""Compiling an Edition: each step alone, the whole, and the same with the inliner over every tag."""

import itertools
import logging
import re
from typing import Any

from mjml import mjml2html
from premailer import Premailer

from benchmarks.program import Arguments, Floor, Program, Report, Table
from benchmarks.render import reference
from benchmarks.render.sheets import Sheet
from benchmarks.render.timing import medians
from digest.render import inline as inliner
from digest.render import markup
from digest.render.lint import lint_markup
from digest.render.stage import plain

JINJA, MJML_, INLINE = "Jinja", "MJML (mrml)", "inlining, each kind of tag once (premailer)"
LINT, VIEW, TEXT = "lint of the markup", "view of the Draft", "text part (Jinja)"
WHOLE_TAGS, ALL = "inlining, tag by tag (premailer)", "all of render(): pieces for every reader, both parts"
ROUNDS = 40
#: No sheet is seen twice, in any of the tables.
_UNSEEN = itertools.count()


def measure(arguments: Arguments) -> Report:
    """Time the steps on the sample with 20 and with 40 stories."""
    tables, floors = [], []
    for stories, sections in ((20, 4), (40, 7)):
        sheet = Sheet.of(stories, sections)
        seconds = medians(_steps(sheet), ROUNDS * arguments.runs)
        milliseconds = {name: 1000 * taken for name, taken in seconds.items()}
        milliseconds["first of its kind: inlining with nothing known"] = 1000 * _cold(sheet)
        milliseconds["MJML (JavaScript), warm"] = reference.milliseconds(sheet.markup()) or float("nan")
        compiled = milliseconds[JINJA] + milliseconds[MJML_] + milliseconds[INLINE]
        tables.append(
            Table(
                title=f"Compiling {stories} stories in {sections} sections",
                columns={"step": "", "ms": ".2f"},
                rows=[
                    ["**Jinja + MJML + inlining**", compiled],
                    *([name, took] for name, took in milliseconds.items()),
                ],
                note="The page holds every form of every story: as lead, at length, in a line.",
            )
        )
        if stories == 20:
            floors.append(
                Floor(claim="compile 20 stories (Jinja + MJML + inline), ms", value=compiled, bound=12, at_most=True)
            )
    return Report(tables=tables, floors=floors)


def _steps(sheet: Sheet) -> dict[str, Any]:
    context, source = sheet.context(), markup.hardened(sheet.markup())
    html = mjml2html(source, fonts={})
    environment = sheet.press.environment
    return {
        JINJA: sheet.markup,
        MJML_: lambda: mjml2html(source, fonts={}),
        INLINE: lambda: inliner.inline(html),
        LINT: lambda: lint_markup(source),
        VIEW: sheet.context,
        TEXT: lambda: plain(environment, context),
        WHOLE_TAGS: lambda: _tag_by_tag(html),
        ALL: sheet.rendered,
    }


def _tag_by_tag(html: str) -> str:
    """Inline as premailer does by itself, all other sheets left alone."""
    html = re.sub(r"<style\b([^>]*)>(?!\s*/\*inline\*/)", r'<style\1 data-premailer="ignore">', html)
    done: str = Premailer(
        html.replace("<!doctype html>", "<!DOCTYPE html>", 1),
        method="html",
        keep_style_tags=False,
        strip_important=False,
        disable_validation=True,
        allow_network=False,
        disable_link_rewrites=True,
        cssutils_logging_level=logging.CRITICAL,
    ).transform(pretty_print=False)
    return done


def _cold(sheet: Sheet) -> float:
    """Return the seconds that inlining takes under a sheet that nobody has seen."""
    html = mjml2html(markup.hardened(sheet.markup()), fonts={})

    def work() -> str:
        return inliner.inline(html.replace("/*inline*/", f"/*inline*/ .unseen{next(_UNSEEN)}{{margin:0}}", 1))

    return medians({"": work}, 9)[""]


if __name__ == "__main__":
    Program(
        name="mail_compile", about=__doc__ or "", measure=measure, topic="render", makes_its_data=True,
        peers=("mjml-python", "premailer", "jinja2"),
    ).run()  # fmt: skip
