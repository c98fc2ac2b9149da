"""
Lint: say what is wrong with a mail before it goes out.

Takes   MJML markup with the templates that it was filled from; a finished page with what it is checked against.
Gives   Findings, errors first, each with its rule and a message that names the thing, the fact and the remedy.
Touches nothing but the sources of templates. The same input gives the same findings, always.
"""

from digest.render.lint.accepted import accepted
from digest.render.lint.finding import Finding, Rule, Severity
from digest.render.lint.markup import lint_markup
from digest.render.lint.page import Yardstick
from digest.render.lint.templates import lint_templates, refuse_faults
from digest.render.lint.whole import lint_page

__all__ = [
    "Finding",
    "Rule",
    "Severity",
    "Yardstick",
    "accepted",
    "lint_markup",
    "lint_page",
    "lint_templates",
    "refuse_faults",
]
