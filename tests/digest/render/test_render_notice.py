"""Single mails: each kind has its subject, its page and its text."""

from pathlib import Path
from typing import Any

import jinja2
import pytest
from lxml import html as lxml_html

from digest.errors import TemplateError
from digest.model.newsletter import Newsletter
from digest.render.lint import lint_page
from digest.render.notice import KINDS, render_notice
from digest.render.pages import environment

VALUES: dict[str, dict[str, object]] = {
    kind: {name: f"https://digest.example/{name}" if name.endswith("_url") else f"the {name}" for name in names}
    for kind, names in KINDS.items()
}
VALUES["review"] |= {"headlines": ["First headline", "Second headline"], "is_automatic": True}


@pytest.mark.parametrize("kind", KINDS)
def test_every_notice_has_a_subject_a_page_and_a_text_that_say_the_same(
    kind: str, newsletter: Newsletter, templates: jinja2.Environment
) -> None:
    notice = render_notice(kind, VALUES[kind], newsletter, templates)

    root: Any = lxml_html.document_fromstring(notice.html)
    page = root.text_content()
    assert notice.subject
    assert "\n" not in notice.subject
    assert lint_page(notice.html) == ()
    assert max(len(line) for line in notice.text.splitlines()) <= 78
    for name, value in VALUES[kind].items():
        for words in value if isinstance(value, list) else [value]:
            if isinstance(words, str) and name != "state":
                assert words in notice.text, name
                assert words in (notice.html if name.endswith("_url") else page), name


def test_every_folder_of_notices_is_a_known_kind(packaged: Path) -> None:
    assert {folder.name for folder in (packaged / "notices").iterdir()} == set(KINDS)
    for kind in KINDS:
        assert {file.name for file in (packaged / "notices" / kind).iterdir()} == {
            "subject.txt",
            "body.mjml",
            "body.txt",
        }


def test_a_mail_of_the_service_itself_needs_no_newsletter(templates: jinja2.Environment) -> None:
    notice = render_notice("test", {"relay": "mail.example.org", "sent_at": "05:30 UTC"}, None, templates)

    assert notice.subject == "A test from Daily Digest"
    assert notice.text.startswith("DAILY DIGEST\n")


def test_a_reader_without_a_name_is_greeted_without_one(newsletter: Newsletter, templates: jinja2.Environment) -> None:
    notice = render_notice("welcome", VALUES["welcome"] | {"name": ""}, newsletter, templates)

    assert "\nWelcome.\n" in notice.text


def test_the_first_reader_of_all_is_shown_no_latest_edition(
    newsletter: Newsletter, templates: jinja2.Environment
) -> None:
    notice = render_notice("welcome", VALUES["welcome"] | {"latest_url": ""}, newsletter, templates)

    assert "latest" not in notice.text
    assert "latest" not in notice.html
    assert lint_page(notice.html) == ()


@pytest.mark.parametrize(
    ("values", "subject", "fate"),
    [
        (
            {"state": "draft", "is_automatic": True},
            "Auto Daily No. 42 is ready for you",
            "goes out from the due, by itself",
        ),
        ({"state": "draft", "is_automatic": False}, "Auto Daily No. 42 is ready for you", "waits for your approval"),
        ({"state": "held", "is_automatic": False}, "Auto Daily No. 42 is held", "waits for your approval"),
    ],
)
def test_editors_are_told_what_becomes_of_the_draft(
    values: dict[str, object], subject: str, fate: str, newsletter: Newsletter, templates: jinja2.Environment
) -> None:
    notice = render_notice("review", VALUES["review"] | {"edition": "No. 42"} | values, newsletter, templates)

    assert notice.subject == subject
    assert fate in notice.text
    assert fate in notice.html


def test_a_hostile_name_stays_words_in_every_part(newsletter: Newsletter, templates: jinja2.Environment) -> None:
    name = 'Ada\r\nBcc: x@example.org <script>"evil\\u{200b}'

    notice = render_notice("welcome", VALUES["welcome"] | {"name": name}, newsletter, templates)

    said = 'Welcome, Ada Bcc: x@example.org <script>"evil\\u{200b}.'
    assert lxml_html.document_fromstring(notice.html).xpath("string(//h1)") == said
    assert said in notice.text


def test_a_missing_value_is_told(newsletter: Newsletter, templates: jinja2.Environment) -> None:
    with pytest.raises(TemplateError, match="kind confirm needs confirm_url; give it"):
        render_notice("confirm", {"name": "Ada"}, newsletter, templates)
    with pytest.raises(TemplateError, match="kind test needs relay, sent_at; give them"):
        render_notice("test", {}, newsletter, templates)


def test_a_url_that_leads_nowhere_is_refused(newsletter: Newsletter, templates: jinja2.Environment) -> None:
    with pytest.raises(TemplateError, match="confirm_url of a notice is 'javascript:evil"):
        render_notice("confirm", VALUES["confirm"] | {"confirm_url": "javascript:evil()"}, newsletter, templates)


def test_a_kind_without_templates_is_told(newsletter: Newsletter, templates: jinja2.Environment) -> None:
    with pytest.raises(TemplateError, match=r"template notices/birthday/subject\.txt is missing"):
        render_notice("birthday", {}, newsletter, templates)


def test_a_notice_in_the_newsletters_language_comes_before_the_english_one(
    newsletter: Newsletter, packaged: Path, tmp_path: Path
) -> None:
    (tmp_path / "notices" / "test").mkdir(parents=True)
    (tmp_path / "notices" / "test" / "subject.en.txt").write_text("In plain English", encoding="utf-8")

    notice = render_notice("test", VALUES["test"], newsletter, environment([tmp_path, packaged]))

    assert notice.subject == "In plain English"
