"""The sample Edition on its way through rendering: what each step takes and gives."""

from dataclasses import dataclass
from pathlib import Path

from benchmarks.render import sample
from digest.model.draft import Draft
from digest.model.look import Look, Theme
from digest.model.newsletter import Newsletter
from digest.model.rendered import RenderedDigest
from digest.render import render, view
from digest.render.cut import Stencil
from digest.render.pages import environment, render_template
from digest.render.press import Press
from digest.render.stage import MJML, Context

TEMPLATES = Path("templates/email")


@dataclass(frozen=True, slots=True)
class Sheet:
    """A Draft of the sample, and what it is printed with."""

    draft: Draft
    newsletter: Newsletter
    press: Press

    @classmethod
    def of(cls, stories: int, sections: int, theme: Theme = Theme.CLASSIC, language: str = "en") -> "Sheet":
        """Return so many *stories* in so many *sections*, in *theme* and *language*."""
        look = Look(theme=theme)
        return cls(
            draft=sample.draft(stories, sections, look),
            newsletter=sample.newsletter(sections, look, language),
            press=Press(
                environment=environment(TEMPLATES, theme=theme, language=language),
                links=sample.LINKS,
                now=sample.NOW,
                longest=sample.VALUES,
            ),
        )

    def rendered(self) -> RenderedDigest:
        """Return it compiled."""
        return render(self.draft, self.newsletter, self.press)

    def context(self) -> Context:
        """Return what its templates see."""
        stencil = Stencil("0123456789ab")
        return {
            "paper": view.paper(self.newsletter),
            "edition": view.edition(self.draft, self.newsletter, self.press),
            "slots": stencil.slots,
            "mark": stencil.mark,
        }

    def markup(self) -> str:
        """Return its MJML, filled."""
        return render_template(self.press.environment, MJML, self.context())
