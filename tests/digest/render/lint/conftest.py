"""A page without fault, into which each test writes one."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from digest.render.lint import Finding, Yardstick, lint_page
from digest.render.lint.clients import features

PAGE = (
    '<!DOCTYPE html><html lang="en" dir="ltr"><head><title>Auto Daily</title>{head}</head><body>'
    '<div role="article" lang="en" dir="ltr"><h1>Auto Daily</h1>{body}</div></body></html>'
)

Lint = Callable[..., tuple[Finding, ...]]


def write(body: str = "", head: str = "") -> str:
    return PAGE.format(head=head, body=body)


@pytest.fixture
def yardstick() -> Yardstick:
    """Accept every feature, so that only tests of the mail programs hear of them."""
    return Yardstick(base_url="https://digest.example", accepted=dict.fromkeys(features(), "asked for"))


@pytest.fixture
def lint(yardstick: Yardstick) -> Lint:
    """Lint a page without fault but for *body* and *head*; further names change what it is measured by."""

    def lint(body: str = "", head: str = "", **changes: Any) -> tuple[Finding, ...]:
        return lint_page(write(body, head), dataclasses.replace(yardstick, **changes))

    return lint
