"""One mail per reader: joining compiled pieces, beside other ways to make a million personal copies."""

import itertools
from collections.abc import Callable

from benchmarks.program import Arguments, Floor, Program, Report, Table, ratio
from benchmarks.render import sample
from benchmarks.render.sheets import Sheet
from benchmarks.render.timing import medians
from digest.model.rendered import RenderedDigest
from digest.render.pages import render_template
from digest.render.stage import MJML, TEXT
from tests.digest.render.in_full import rendered_in_full

KNOWN, NEW = "joined, set of sections seen before", "joined, set of sections never seen"
REPLACED, IN_FULL = "str.replace of each value in a finished page", "rendered in full: Jinja, MJML, inlining, text"
JINJA = "Jinja alone, both parts"
MANY, FEW = 20_000, 60
#: There are not many more.
UNSEEN = 600


def measure(arguments: Arguments) -> Report:
    """Make the mails of a page of about 90 KB in each way."""
    sheet = Sheet.of(60, 10)
    rendered = sheet.rendered()
    names = itertools.cycle(("Ana Pérez", "Bo", "Chidi <b>", "Dorothea von Hohenstein"))

    def reader() -> dict[str, str]:
        return sample.VALUES | {"name": next(names), "address_hint": "a…a@example.org"}

    everything = [plan.slug for plan in sheet.newsletter.sections]
    steps = rendered.layout().steps
    filled = rendered.fill(None, reader())
    quick = medians(
        {KNOWN: lambda: rendered.fill(None, reader()), REPLACED: _replacing(rendered, reader)},
        MANY * arguments.runs // 3,
    )
    sets = iter([chosen for size in (8, 7, 6, 5) for chosen in itertools.combinations(everything, size)])
    quick |= medians({NEW: lambda: rendered.fill(next(sets), reader())}, UNSEEN)
    context = sheet.context()
    slow = medians(
        {
            JINJA: lambda: (
                render_template(sheet.press.environment, MJML, context),
                render_template(sheet.press.environment, TEXT, context),
            ),
            IN_FULL: lambda: rendered_in_full(sheet.draft, sheet.newsletter, sheet.press, everything, steps, reader()),
        },
        FEW,
    )
    taken = quick | slow
    return Report(
        tables=[
            Table(
                title="One mail per reader",
                columns={"way": "", "µs": ",.1f", "times joined": ",.0f", "a million readers, min": ",.1f"},
                rows=[
                    [way, 1e6 * seconds, ratio(seconds, taken[KNOWN]), 1e6 * seconds / 60]
                    for way, seconds in taken.items()
                ],
                note=(
                    f"HTML {len(filled.html_bytes):,} bytes, text {len(filled.text_bytes):,} bytes; name and three "
                    "signed links of each reader, escaped for their place. Signing and sending are not in it."
                ),
            )
        ],
        floors=[
            Floor(claim="splice of HTML and text, µs", value=1e6 * taken[KNOWN], bound=30, at_most=True, spec=".1f"),
            Floor(
                claim="rendering in full, times splice",
                value=ratio(taken[IN_FULL], taken[KNOWN]),
                bound=300,
                spec=",.0f",
            ),
        ],
    )


def _replacing(rendered: RenderedDigest, reader: Callable[[], dict[str, str]]) -> Callable[[], object]:
    """Return what most tools do: a finished page with marks, each replaced by its value."""
    marks = {name: f"https://mark.example/{name}" for name in sample.VALUES}
    page = rendered.fill(None, marks | {"name": "markofthename"})
    finished_html, finished_text = page.html, page.text

    def replaced() -> tuple[str, str]:
        html, text = finished_html, finished_text
        values = reader()
        for mark, value in (*((marks[name], values[name]) for name in marks), ("markofthename", values["name"])):
            html, text = html.replace(mark, value), text.replace(mark, value)
        return html, text

    return replaced


if __name__ == "__main__":
    Program(
        name="mail_splice", about=__doc__ or "", measure=measure, topic="render", makes_its_data=True,
        peers=("mjml-python", "premailer", "jinja2"),
    ).run()  # fmt: skip
