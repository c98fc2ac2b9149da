"""Single mails: each kind has its subject, its page and its text."""

from pathlib import Path
from typing import Any

import jinja2
import pytest
from lxml import html as lxml_html

from digest.errors import TemplateError
from digest.model.newsletter import Newsletter
from digest.render.lint import Yardstick, lint_page
from digest.render.notice import KINDS, render_notice
from digest.render.pages import environment

VALUES: dict[str, dict[str, str]] = {
    kind: {name: f"https://digest.example/{name}" if name.endswith("_url") else f"the {name}" for name in names}
    for kind, names in KINDS.items()
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_notice_has_a_subject_a_page_and_a_text_that_say_the_same(
    kind: str, newsletter: Newsletter, templates: jinja2.Environment, yardstick: Yardstick
) -> None:
    notice = render_notice(kind, VALUES[kind], newsletter, templates)

    root: Any = lxml_html.document_fromstring(notice.html)
    page = root.text_content()
    assert notice.subject
    assert "\n" not in notice.subject
    assert lint_page(notice.html, yardstick) == ()
    assert max(len(line) for line in notice.text.splitlines()) <= 78
    for name, value in VALUES[kind].items():
        assert value in notice.text, name
        assert value in (notice.html if name.endswith("_url") else page), name


def test_every_folder_of_notices_is_a_known_kind(packaged: Path) -> None:
    assert {folder.name for folder in (packaged / "notices").iterdir()} == set(KINDS)
    for kind in KINDS:
        assert {file.name for file in (packaged / "notices" / kind).iterdir()} == {
            "subject.txt",
            "body.mjml",
            "body.txt",
        }


def test_a_reader_without_a_name_is_greeted_without_one(newsletter: Newsletter, templates: jinja2.Environment) -> None:
    notice = render_notice("welcome", VALUES["welcome"] | {"name": ""}, newsletter, templates)

    assert "\nWelcome.\n" in notice.text


def test_the_first_reader_of_all_is_shown_no_latest_edition(
    newsletter: Newsletter, templates: jinja2.Environment, yardstick: Yardstick
) -> None:
    notice = render_notice("welcome", VALUES["welcome"] | {"latest_url": ""}, newsletter, templates)

    assert "latest" not in notice.text
    assert "latest" not in notice.html
    assert lint_page(notice.html, yardstick) == ()


@pytest.mark.parametrize(("stories", "told"), [("1", "1 story in all"), ("25", "25 stories in all")])
def test_editors_are_told_which_edition_waits_and_what_becomes_of_it(
    stories: str, told: str, newsletter: Newsletter, templates: jinja2.Environment
) -> None:
    values = VALUES["review"] | {"edition": "No. 42", "subject": "Battery passes its test", "stories": stories}

    notice = render_notice("review", values | {"goes_out": "It goes out at 07:00."}, newsletter, templates)

    assert notice.subject == "Auto Daily No. 42 is on the desk: Battery passes its test"
    for part in (notice.text, notice.html):
        assert "It goes out at 07:00." in part
        assert told in part


def test_a_hostile_name_stays_words_in_every_part(newsletter: Newsletter, templates: jinja2.Environment) -> None:
    name = 'Ada\r\nBcc: x@example.org <script>"evil\\u{200b}'

    notice = render_notice("welcome", VALUES["welcome"] | {"name": name}, newsletter, templates)

    said = 'Welcome, Ada Bcc: x@example.org <script>"evil\\u{200b}.'
    assert lxml_html.document_fromstring(notice.html).xpath("string(//h1)") == said
    assert said in notice.text


def test_a_missing_value_is_told(newsletter: Newsletter, templates: jinja2.Environment) -> None:
    with pytest.raises(TemplateError, match="kind confirm needs valid_for; give it"):
        render_notice("confirm", {"name": "Ada", "confirm_url": "https://digest.example/c"}, newsletter, templates)
    with pytest.raises(TemplateError, match="kind confirm needs confirm_url, valid_for; give them"):
        render_notice("confirm", {}, newsletter, templates)


def test_a_url_that_leads_nowhere_is_refused(newsletter: Newsletter, templates: jinja2.Environment) -> None:
    with pytest.raises(TemplateError, match="confirm_url of a notice is 'javascript:evil"):
        render_notice("confirm", VALUES["confirm"] | {"confirm_url": "javascript:evil()"}, newsletter, templates)


def test_a_kind_without_templates_is_told(newsletter: Newsletter, templates: jinja2.Environment) -> None:
    with pytest.raises(TemplateError, match=r"template notices/birthday/subject\.txt is missing"):
        render_notice("birthday", {}, newsletter, templates)


def test_a_notice_in_the_newsletters_language_comes_before_the_english_one(
    newsletter: Newsletter, packaged: Path, tmp_path: Path
) -> None:
    (tmp_path / "notices" / "confirm").mkdir(parents=True)
    (tmp_path / "notices" / "confirm" / "subject.en.txt").write_text("In plain English", encoding="utf-8")

    notice = render_notice("confirm", VALUES["confirm"], newsletter, environment([tmp_path, packaged]))

    assert notice.subject == "In plain English"
