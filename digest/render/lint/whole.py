"""The whole lint of a finished page: every rule, the worst first."""

from collections.abc import Callable, Iterator

from digest.render.lint import clients, contrast, links, pictures, refused, size, structure, unsubscribe
from digest.render.lint.finding import Finding, Severity
from digest.render.lint.page import Page, Yardstick

_RULES: tuple[Callable[[Page], Iterator[Finding]], ...] = (
    size.size,
    refused.refused,
    unsubscribe.unsubscribe,
    links.targets,
    links.names,
    links.tracking,
    pictures.pictures,
    structure.title,
    structure.language,
    structure.headings,
    structure.tables,
    contrast.contrasts,
    size.styles,
    clients.support,
)


def lint_page(html: str, yardstick: Yardstick) -> tuple[Finding, ...]:
    """
    Return what is wrong with the finished *html* of a mail, errors first; like things are told in one finding.

    Takes anything for a page, and measures it against *yardstick*.
    """
    page = Page.read(html, yardstick)
    findings = dict.fromkeys(finding for rule in _RULES for finding in rule(page))
    return tuple(sorted(findings, key=lambda finding: finding.severity is not Severity.ERROR))
