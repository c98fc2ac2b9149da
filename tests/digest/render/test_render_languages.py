"""The words of the mails, whole in every language, with the right plural."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from digest.errors import SettingsError
from digest.model.draft import Draft
from digest.model.newsletter import Newsletter
from digest.render import render
from digest.render.languages import locale
from digest.render.press import Press
from digest.render.stage import phrases
from tests.digest.render.conftest import TEMPLATES

LANGUAGES = ("ar", "de", "es", "fr", "it", "nl", "pt", "pt-PT")
JINJA = {"trim_blocks": "true", "lstrip_blocks": "true"}
PLACEHOLDER = re.compile(r"%\((\w+)\)s")

Message = str | tuple[str, ...]


@pytest.fixture(scope="module")
def messages() -> set[tuple[str | None, Message]]:
    """Return every phrase of the templates, with its context."""
    found = extract_from_dir(
        TEMPLATES,
        method_map=[("**.mjml", "jinja2"), ("**.txt", "jinja2")],
        options_map={"**.mjml": JINJA, "**.txt": JINJA},
    )
    return {(context, message) for _, _, message, _, context in found}


def catalogue(language: str) -> Catalog:
    with (TEMPLATES / "languages" / f"{language}.po").open("rb") as file:
        return read_po(file, abort_invalid=True)


def test_there_are_many_phrases_and_a_catalogue_for_each_language(messages: set[tuple[str | None, Message]]) -> None:
    assert len(messages) > 50
    assert {path.stem for path in (TEMPLATES / "languages").iterdir()} == set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_holds_every_phrase_and_no_other(language: str, messages: set[tuple[str | None, Message]]) -> None:
    held = {(message.context, message.id) for message in catalogue(language) if message.id}

    assert held == messages


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_phrase_is_translated_in_each_plural_and_keeps_its_values(language: str) -> None:
    words = catalogue(language)

    for message in words:
        if not message.id:
            continue
        said = [str(form) for form in (message.string if message.pluralizable else [message.string]) or ()]
        asked = set(PLACEHOLDER.findall(str(message.id)))
        assert not message.fuzzy
        assert len(said) == (words.num_plurals if message.pluralizable else 1), message.id
        assert all(said), message.id
        # "One minute" and "two minutes" need no figure.
        assert all(asked - {"num"} <= set(PLACEHOLDER.findall(form)) <= asked for form in said), message.id
        assert "num" not in asked or "%(num)s" in said[-1], message.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_phrase_can_break_out_of_an_attribute_or_add_a_tag(language: str) -> None:
    strings = [message.string for message in catalogue(language) if message.id]
    said = "".join(each if isinstance(each, str) else "".join(each or ()) for each in strings)

    assert not set(said) & set("<>&\\{}")
    assert '"' not in said.replace('", "', "").replace('("', "").replace('")', "")


@pytest.mark.parametrize(
    ("language", "minutes", "told"),
    [
        ("en", 1, "1 min read"),
        ("fr", 2, "2 min de lecture"),
        ("ar", 1, "قراءة في دقيقة واحدة"),
        ("ar", 2, "قراءة في دقيقتين"),
        ("ar", 4, "قراءة في 4 دقائق"),
        ("ar", 12, "قراءة في 12 دقيقة"),
    ],
)
def test_reading_time_is_told_in_the_plural_of_the_language(
    language: str, minutes: int, told: str, press_for: Callable[..., Press]
) -> None:
    said = phrases(press_for(language=language).environment, 230 * 20)

    assert said.reading[minutes - 1] == told
    assert len(said.reading) == 20


@pytest.mark.parametrize(
    ("language", "date", "top"),
    [
        ("en", "Monday, November 23, 2026", "TOP STORY"),
        ("en-GB", "Monday, 23 November 2026", "TOP STORY"),
        ("de", "Montag, 23. November 2026", "AUFMACHER"),
        ("de-AT", "Montag, 23. November 2026", "AUFMACHER"),
        ("fr", "lundi 23 novembre 2026", "À LA UNE"),
        ("es", "lunes, 23 de noviembre de 2026", "NOTICIA PRINCIPAL"),
        ("it", "lunedì 23 novembre 2026", "IN PRIMO PIANO"),
        ("pt-BR", "segunda-feira, 23 de novembro de 2026", "EM DESTAQUE"),
        ("nl", "maandag 23 november 2026", "BELANGRIJKSTE NIEUWS"),
        ("ar", "الاثنين، 23 نوفمبر 2026", "الخبر الأبرز"),
        ("he", "יום שני, 23 בנובמבר 2026", "TOP STORY"),
    ],
)
def test_words_and_dates_speak_the_newsletters_language(
    language: str,
    date: str,
    top: str,
    sample: Draft,
    newsletter: Newsletter,
    press_for: Callable[..., Press],
    values: dict[str, str],
) -> None:
    spoken = Newsletter(
        slug=newsletter.slug,
        title=newsletter.title,
        sender=newsletter.sender,
        sections=newsletter.sections,
        sources=(),
        language=language,
    )

    text = render(sample, spoken, press_for(language=language)).fill(None, values).text

    assert f"\n{date} · " in text
    assert f"\n{top}\n" in text


def test_a_language_that_is_none_is_the_operators_to_mend() -> None:
    with pytest.raises(SettingsError, match='language is "klingonese-x"'):
        locale("klingonese-x")


def test_the_settings_of_babel_look_into_every_kind_of_template() -> None:
    kinds = {path.suffix for path in TEMPLATES.rglob("*") if path.is_file()}
    project = (Path(__file__).parents[3] / "pyproject.toml").read_text(encoding="utf-8")

    for kind in kinds - {".po"}:
        assert f'pattern = "**{kind}"' in project
