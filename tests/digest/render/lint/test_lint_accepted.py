"""The list of accepted features: what may stand in it, and that the packaged one fits the packaged mails."""

import dataclasses
from pathlib import Path

import jinja2
import pytest

from digest.errors import TemplateError
from digest.render.lint import Rule, Yardstick, accepted, lint_page
from digest.render.lint.clients import used_features
from digest.render.lint.page import Page
from digest.render.notice import KINDS, render_notice
from digest.render.pages import environment
from tests.digest.render.conftest import make_press
from tests.digest.render.test_render_notice import VALUES
from tests.golden.mails import MAILS, mail, newsletter


@pytest.fixture(scope="module")
def mails() -> list[str]:
    """Return a mail of each theme, from left and from right, and of each kind of notice."""
    digests = [mail(name).html for name in MAILS]
    notices = [
        render_notice(kind, VALUES[kind], newsletter("classic"), make_press().environment).html for kind in KINDS
    ]
    return [*digests, *notices]


@pytest.fixture
def templates() -> jinja2.Environment:
    return make_press().environment


def own(tmp_path: Path, text: str) -> jinja2.Environment:
    (tmp_path / "lint").mkdir()
    (tmp_path / "lint" / "accepted.txt").write_text(text, encoding="utf-8")
    return environment(tmp_path)


def test_each_line_has_a_slug_and_its_reason(tmp_path: Path) -> None:
    made = own(tmp_path, "# A comment\n\ncss-object-fit   only  a crop # and why\n\tcss-gap\tx y\n".replace("\t", " "))

    assert accepted(made) == {"css-object-fit": "only  a crop", "css-gap": "x y"}


def test_a_newsletters_own_list_comes_before_the_packaged_one(tmp_path: Path) -> None:
    own(tmp_path, "css-gap  only space")

    assert accepted(make_press(own=tmp_path).environment) == {"css-gap": "only space"}


def test_without_a_list_nothing_is_accepted(tmp_path: Path) -> None:
    assert accepted(environment(tmp_path)) == {}
    assert accepted(jinja2.Environment(autoescape=True)) == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "\ncss-object-fti  a crop",
            r"lint/accepted\.txt, line 2: css-object-fti is no feature .* mean css-object-fit\?",
        ),
        ("zzz  a crop", "zzz is no feature that is looked for; take the line out"),
        ("css-gap", "line 1: css-gap has no reason; say how the page reads without it"),
        ("css-gap  # none", "css-gap has no reason"),
        ("css-gap  a\ncss-gap  b", "line 2: css-gap is accepted twice; keep one line"),
    ],
)
def test_a_line_at_fault_is_told(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(TemplateError, match=message):
        accepted(own(tmp_path, text))


def test_the_packaged_mails_use_nothing_that_is_not_accepted(
    mails: list[str], templates: jinja2.Environment, yardstick: Yardstick
) -> None:
    yardstick = dataclasses.replace(yardstick, accepted=accepted(templates))

    found = {one.message for mail in mails for one in lint_page(mail, yardstick) if one.rule is Rule.CLIENT_SUPPORT}

    assert found == set()


def test_nothing_is_accepted_that_no_packaged_mail_uses(
    mails: list[str], templates: jinja2.Environment, yardstick: Yardstick
) -> None:
    used = {slug for mail in mails for slug in used_features(Page.read(mail, yardstick))}

    assert set(accepted(templates)) - used == set()


def test_a_feature_that_is_new_in_a_packaged_mail_is_told(
    mails: list[str], templates: jinja2.Environment, yardstick: Yardstick
) -> None:
    changed = mails[0].replace("object-fit:cover", "background-image:url(https://a.example/x)")

    (finding,) = lint_page(changed, dataclasses.replace(yardstick, accepted=accepted(templates)))

    assert "(css-background-image) is not known to" in finding.message
