"""A fault of filled markup is told by the file and line where its author finds it."""

import jinja2
import pytest

from digest.errors import TemplateError
from digest.render.lint import lint_templates, refuse_faults
from tests.digest.render.conftest import make_press

SHELL = "<mjml><mj-body><mj-section><mj-column>{}</mj-column></mj-section></mj-body></mjml>"


def environment(**templates: str) -> jinja2.Environment:
    """Return templates by the names of their files; an underscore stands for the dot."""
    files = {name.replace("_", "."): text for name, text in templates.items()}
    return jinja2.Environment(
        loader=jinja2.DictLoader(files),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.Undefined,
    )


def told(made: jinja2.Environment, **values: object) -> list[str]:
    """Fill body.mjml and return what is told of it, line by line."""
    with pytest.raises(TemplateError) as raised:
        refuse_faults("body.mjml", made.get_template("body.mjml").render(values), made)
    return str(raised.value).split("\n")


def test_a_fault_is_told_by_the_line_of_its_template_whatever_came_before() -> None:
    filled = "{# two\nlines #}\n{% for n in range(9) %}\n<mj-text>{{ n }}\n</mj-text>\n{% endfor %}\n"
    made = environment(body_mjml=SHELL.format(f'\n{filled}<mj-text\n  paddding="{{{{ 1 }}}}" />'))

    assert told(made) == ["body.mjml, line 9: <mj-text> has no attribute paddding; did you mean padding?"]


def test_templates_that_others_extend_import_and_include_are_looked_at() -> None:
    made = environment(
        body_mjml='{% extends "base.mjml" %}{% import "parts.mjml" as parts %}{% block content %}\n{{ parts.a() }}'
        '{% include "more.mjml" %}{% endblock %}',
        base_mjml="\n" + SHELL.format('<mj-spacer high="1"/>{% block content %}{% endblock %}'),
        parts_mjml="\n\n{% macro a() %}<mj-txt/>{% endmacro %}",
        more_mjml='<mj-image scr="x"/>',
    )

    assert sorted(told(made)) == [
        "base.mjml, line 2: <mj-spacer> has no attribute high; did you mean height?",
        "more.mjml, line 1: <mj-image> has no attribute scr; did you mean src?",
        "parts.mjml, line 3: <mj-txt> is no element of MJML; did you mean mj-text?",
    ]


def test_a_fault_that_several_lines_have_is_told_once_with_their_number() -> None:
    made = environment(body_mjml=SHELL.format('\n<mj-text colour="1"/>\n<mj-text colour="1"/>'))

    assert told(made) == ["body.mjml, line 2 and 1 more: <mj-text> has no attribute colour; did you mean color?"]


def test_refused_html_and_imports_are_told_by_their_place() -> None:
    made = environment(body_mjml=SHELL.format("<mj-text>\n<form/></mj-text>").replace(
        "<mj-body>", "<mj-head>\n<mj-style>\n@import 'x'</mj-style></mj-head><mj-body>"
    ))  # fmt: skip

    assert told(made) == [
        "body.mjml, line 4: <form> is refused by mailboxes; take it out",
        "body.mjml, line 3: a style sheet has @import, which mailboxes drop; write the rules out",
    ]


def test_a_name_that_an_expression_builds_is_told_by_its_line_once_it_is_filled() -> None:
    made = environment(body_mjml="{% if 1 %}\n{% endif %}\n" + SHELL.format('\n<mj-text {{ name }}="1" />'))

    (message,) = told(made, name="colour")

    assert message.startswith('body.mjml, line 2 once it is filled (<mj-text colour="1" /></mj-column></mj-section>')
    assert message.endswith("): <mj-text> has no attribute colour; did you mean color?")


def test_a_fault_of_nesting_is_told_by_the_one_line_that_reads_like_it() -> None:
    made = environment(
        body_mjml='{% if 1 %}\n{% endif %}\n<mjml><mj-body>\n<mj-text align="left" />\n</mj-body></mjml>'
    )

    assert told(made) == ["body.mjml, line 4: <mj-text> stands in <mj-body>; put it into <mj-column>"]


def test_markup_without_fault_is_let_through() -> None:
    made = environment(body_mjml=SHELL.format("<mj-text>A</mj-text>"))

    refuse_faults("body.mjml", made.get_template("body.mjml").render(), made)


def test_templates_are_looked_at_without_being_filled() -> None:
    made = environment(
        body_mjml='{% include ["gone.mjml", part] ignore missing %}{% if x %}\n'
        "<mj-txt {{ y }}{# <mj-zzz> #}/>{% endif %}<!-- <mj-old/> -->"
        '<mj-{{ z }} q="1"/><mj-text {{ z }}-q="1" title="{{ "<mj-w>" }}"/>{% raw %}<mj-raww/>{% endraw %}'
    )

    assert [finding.message for finding in lint_templates(made, ["body.mjml", "gone.mjml"])] == [
        "body.mjml, line 2: <mj-txt> is no element of MJML; did you mean mj-text?",
        "body.mjml, line 2: <mj-text> has no attribute title; mend the name or take it out",
        "body.mjml, line 2: <mj-raww> is no element of MJML; did you mean mj-raw?",
    ]


def test_a_template_that_cannot_be_read_hides_none_of_the_others() -> None:
    made = environment(body_mjml='{% include "broken.mjml" %}<mj-txt/>', broken_mjml="{% if %}")

    (finding,) = lint_templates(made, ["body.mjml"])

    assert finding.message.startswith("body.mjml, line 1: <mj-txt>")


def test_the_packaged_templates_have_no_fault() -> None:
    templates = make_press().environment
    pages = [name for name in templates.list_templates() if name.endswith(".mjml")]

    assert len(pages) > 12
    assert lint_templates(templates, pages) == ()
