"""Size of a mail: bytes of its parts, by number of stories and by theme."""

from benchmarks.program import Arguments, Floor, Program, Report, Table
from benchmarks.render import sample
from benchmarks.render.sheets import Sheet
from digest.deliver import quoted
from digest.model.layout import BUDGET
from digest.model.look import Theme

READER = sample.VALUES | {"name": "Ana Pérez"}
#: A section holds six stories unless it is told otherwise.
SHAPES = ((10, 2), (20, 4), (40, 7), (60, 10))


def measure(_: Arguments) -> Report:
    """Render the sample in every theme and size, and weigh what a reader of everything gets."""
    rows = []
    encoded = {}
    for theme in Theme:
        for stories, sections in SHAPES:
            rendered = Sheet.of(stories, sections, theme).rendered()
            filled, layout = rendered.fill(None, READER), rendered.layout()
            whole = rendered.fill(None, READER, is_whole=True)
            encoded[theme, stories] = _encoded(filled.html)
            rows.append(
                [
                    str(theme), stories, sections, len(whole.html_bytes), _encoded(whole.html),
                    encoded[theme, stories], layout.size_bytes, len(layout.shortened), len(filled.text_bytes),
                ]
            )  # fmt: skip
    return Report(
        tables=[
            Table(
                title="Mail size: bytes of the sample",
                columns={
                    "theme": "",
                    "stories": "d",
                    "sections": "d",
                    "HTML whole": ",d",
                    "the same, encoded": ",d",
                    "as sent, encoded": ",d",
                    "as editors are told": ",d",
                    "sections that gave way": "d",
                    "text": ",d",
                },
                rows=rows,
                note=(
                    "Encoded is quoted-printable. Editors are told the size with the longest name. "
                    f"What would pass {BUDGET:,} bytes gives way."
                ),
            )
        ],
        floors=[
            Floor(
                claim="encoded HTML of 40 stories, classic, KB",
                value=encoded[Theme.CLASSIC, 40] / 1024,
                bound=85,
                at_most=True,
                spec=".1f",
            )
        ],
    )


def _encoded(text: str) -> int:
    """Return the bytes of *text* in quoted-printable."""
    return len(quoted.encode(quoted.canonical(text)))


if __name__ == "__main__":
    Program(
        name="mail_size", about=__doc__ or "", measure=measure, topic="render", makes_its_data=True,
        peers=("mjml-python", "premailer", "jinja2"),
    ).run()  # fmt: skip
