"""Single mails: each kind has its subject, its page and its text."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lxml import html as lxml_html

from digest.errors import TemplateError
from digest.model.look import Theme
from digest.model.newsletter import Newsletter
from digest.model.notice import FOR_DESK
from digest.render.lint import Yardstick, lint_page
from digest.render.notice import KINDS, render_notice
from digest.render.press import Press

TEXTS = {
    "valid_days": "7",
    "number": "42",
    "subject": "Battery passes its test",
    "stories": "25",
    "fate": "auto",
    "reason": "too few sources",
    "at": "07:00 CET",
    "sources_answered": "37",
    "sources_asked": "40",
    "valid_minutes": "15",
    "invited_by": "otto@desk.example",
    "is_new": "yes",
    "sent": "1204",
    "intended": "1310",
}
VALUES: dict[str, dict[str, str]] = {
    kind: {name: TEXTS.get(name, f"https://digest.example/{name}") for name in names} for kind, names in KINDS.items()
}
#: A welcome that brings the latest Edition along.
WITH_HEADLINES: dict[str, Any] = VALUES["welcome"] | {
    "latest_subject": "Battery passes its test",
    "latest_headlines": ["Works council and board agree", "Toll road <b>opens</b> & nobody comes\r\n"],
    "latest_language": "fr",
}
#: What is not printed as it is.
_HIDDEN = {"fate", "reason", "is_new"}


@pytest.mark.parametrize("kind", KINDS)
def test_every_notice_has_a_subject_a_page_and_a_text_that_say_the_same(
    kind: str, newsletter: Newsletter, press: Press, yardstick: Yardstick
) -> None:
    notice = render_notice(kind, VALUES[kind], newsletter, press.environment)

    root: Any = lxml_html.document_fromstring(notice.html)
    page = root.text_content()
    assert notice.subject
    assert "\n" not in notice.subject
    assert lint_page(notice.html, yardstick) == ()
    assert max(len(line) for line in notice.text.splitlines()) <= 78
    for name, value in VALUES[kind].items():
        if name in _HIDDEN:
            continue
        assert value in notice.text, name
        assert value in (notice.html if name.endswith("_url") else page), name


def test_every_folder_of_notices_is_a_known_kind(packaged: Path) -> None:
    assert {folder.name for folder in (packaged / "notices").iterdir()} == set(KINDS)
    for kind in KINDS:
        assert {file.name for file in (packaged / "notices" / kind).iterdir()} >= {
            "subject.txt",
            "body.mjml",
            "body.txt",
        }


def test_a_reader_without_a_name_is_greeted_without_one(newsletter: Newsletter, press: Press) -> None:
    notice = render_notice("welcome", VALUES["welcome"] | {"name": ""}, newsletter, press.environment)

    assert "\nWelcome.\n" in notice.text


def test_the_first_reader_of_all_is_shown_no_latest_edition(
    newsletter: Newsletter, press: Press, yardstick: Yardstick
) -> None:
    notice = render_notice("welcome", VALUES["welcome"] | {"latest_url": ""}, newsletter, press.environment)

    assert "latest" not in notice.text
    assert "latest" not in notice.html
    assert lint_page(notice.html, yardstick) == ()


def test_a_welcome_shows_headlines_as_words_in_their_own_language(
    newsletter: Newsletter, press: Press, yardstick: Yardstick
) -> None:
    notice = render_notice("welcome", WITH_HEADLINES, newsletter, press.environment)

    root: Any = lxml_html.document_fromstring(notice.html)
    lines = root.xpath("//p[@lang='fr']")
    assert lint_page(notice.html, yardstick) == ()
    assert [line.text_content() for line in lines] == [
        "Battery passes its test",
        "Works council and board agree",
        "Toll road <b>opens</b> & nobody comes",
    ]
    assert {href for line in lines for href in line.xpath("./a/@href")} == {"https://digest.example/latest_url"}
    assert "- Toll road <b>opens</b> & nobody comes\n" in notice.text


@pytest.mark.parametrize(("stories", "told"), [("1", "1 story in all"), ("25", "25 stories in all")])
def test_editors_are_told_which_edition_waits(stories: str, told: str, newsletter: Newsletter, press: Press) -> None:
    notice = render_notice("review", VALUES["review"] | {"stories": stories}, newsletter, press.environment)

    assert notice.subject == "Auto Daily No. 42 is on the desk: Battery passes its test"
    for part in (notice.text, notice.html):
        assert told in part


def test_a_hostile_name_stays_words_in_every_part(newsletter: Newsletter, press: Press) -> None:
    name = 'Ada\r\nBcc: x@example.org <script>"evil\\u{200b}'

    notice = render_notice("welcome", VALUES["welcome"] | {"name": name}, newsletter, press.environment)

    said = 'Welcome, Ada Bcc: x@example.org <script>"evil\\u{200b}.'
    assert lxml_html.document_fromstring(notice.html).xpath("string(//h1)") == said
    assert said in notice.text


def test_a_missing_value_is_told(newsletter: Newsletter, press: Press) -> None:
    with pytest.raises(TemplateError, match="kind confirm needs valid_days; give it"):
        render_notice(
            "confirm", {"name": "Ada", "confirm_url": "https://digest.example/c"}, newsletter, press.environment
        )
    with pytest.raises(TemplateError, match="kind confirm needs confirm_url, valid_days; give them"):
        render_notice("confirm", {}, newsletter, press.environment)


def test_a_url_that_leads_nowhere_is_refused(newsletter: Newsletter, press: Press) -> None:
    with pytest.raises(TemplateError, match="confirm_url of a notice is 'javascript:evil"):
        render_notice(
            "confirm", VALUES["confirm"] | {"confirm_url": "javascript:evil()"}, newsletter, press.environment
        )


def test_a_kind_without_templates_is_told(newsletter: Newsletter, press: Press) -> None:
    with pytest.raises(TemplateError, match=r"template notices/birthday/subject\.txt is missing"):
        render_notice("birthday", {}, newsletter, press.environment)


@pytest.mark.parametrize(
    ("fate", "told"),
    [
        ("auto", "It goes out at 07:00 CET by itself, unless somebody holds it."),
        ("waits", "It is due at 07:00 CET, and waits for somebody to approve it."),
        ("held", "It is held: too few sources. It stays on the desk until an editor has dealt with it."),
    ],
)
def test_editors_are_told_what_becomes_of_the_edition(
    fate: str, told: str, newsletter: Newsletter, press: Press
) -> None:
    notice = render_notice("review", VALUES["review"] | {"fate": fate}, newsletter, press.environment)

    told = f"{told} Sources that answered: 37 of 40."
    assert told in " ".join(notice.text.split())
    page: Any = lxml_html.document_fromstring(notice.html)
    assert told in page.text_content()


def test_nothing_is_said_of_sources_where_none_was_asked(newsletter: Newsletter, press: Press) -> None:
    notice = render_notice("review", VALUES["review"] | {"sources_asked": "0"}, newsletter, press.environment)

    assert "answered" not in notice.text


@pytest.mark.parametrize("theme", Theme)
@pytest.mark.parametrize("language", ["de", "fr", "es", "it", "pt", "nl", "ar"])
def test_every_notice_speaks_the_newsletters_language(
    theme: Theme, language: str, newsletter: Newsletter, press_for: Callable[..., Press]
) -> None:
    spoken = dataclasses.replace(newsletter, language=language)
    environment = press_for(theme, language).environment

    for kind in KINDS.keys() - FOR_DESK:
        english = render_notice(kind, VALUES[kind], newsletter, press_for(theme).environment)
        notice = render_notice(kind, VALUES[kind], spoken, environment)

        assert notice.subject != english.subject
        same = set(notice.text.splitlines()) & set(english.text.splitlines())
        assert {line for line in same if any(c.isalpha() for c in line) and "://" not in line} <= {
            "AUTO DAILY",
            "  Battery passes its test",
            "Auto Daily · Invented Press, 1 Mill Lane, 99999 Nowhere",
        }
