"""Style sheets are read as far as mails use them, and rubbish in them is passed over."""

import pytest

from digest.render.lint import sheets
from digest.render.lint.longhands import longhands
from digest.render.lint.sheets import Declaration


def test_rules_are_read_with_the_conditions_around_them() -> None:
    sheet = sheets.read("a{color:red}@media print{@supports (x){b{c:d}} e{f:g}} h{i:j}")

    assert [(rule.prelude, rule.conditions) for rule in sheet.rules] == [
        ("a", ()),
        ("b", ("@media print", "@supports (x)")),
        ("e", ("@media print",)),
        ("h", ()),
    ]
    assert sheet.at_rules == ("@media print", "@supports (x)")


def test_the_media_of_a_sheet_holds_for_all_of_it() -> None:
    sheet = sheets.read("a{b:c}} d{e:f}", media="print")

    assert [rule.conditions for rule in sheet.rules] == [("@media print",), ("@media print",)]
    assert sheet.at_rules == ("@media print",)


def test_at_rules_that_hold_no_rules_are_named_and_passed_over() -> None:
    sheet = sheets.read("@import url(x;y);@charset 'a;b'; @font-face{src:url(x)}@keyframes k{from{a:b}to{c:d}}p{e:f}")

    assert sheet.at_rules == ("@import url(x;y)", '@charset "a;b"', "@font-face", "@keyframes k")
    assert [rule.prelude for rule in sheet.rules] == ["p"]


def test_comments_and_strings_hide_what_stands_in_them() -> None:
    sheet = sheets.read("/* a{b:c} */ p::after{content:'}{;/*';color/**/:red} /* open")

    assert [(rule.prelude, rule.declarations) for rule in sheet.rules] == [
        ("p::after", (Declaration("content", '"}{;/*"'), Declaration("color", "red")))
    ]


def test_declarations_keep_what_is_in_brackets_and_quotes() -> None:
    assert sheets.declarations(
        "BACKGROUND: url('data:a;b,(c;d)') ; font-family:'A;B',\"C:D\";--Own:1;color:red ! IMPORTANT"
    ) == (
        Declaration("background", 'url("data:a;b,(c;d)")'),
        Declaration("font-family", '"A;B","C:D"'),
        Declaration("--Own", "1"),
        Declaration("color", "red", is_important=True),
    )


@pytest.mark.parametrize("opening", ["{", "(", "a{", "@media print{", "f("])
def test_what_is_nested_without_end_does_no_harm(opening: str) -> None:
    deep = opening * 5000

    assert len(sheets.declarations(f"left:{deep}")) <= 1
    assert sheets.read(deep).text == deep


@pytest.mark.parametrize("text", ["", ";;", "color", ":red", "  ;  "])
def test_what_declares_nothing_is_passed_over(text: str) -> None:
    assert sheets.declarations(text) == ()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("background", "URL(x y) no-repeat #FFF", {"background-color": "#fff"}),
        ("background", "rgb(1, 2, 3) top / cover", {"background-color": "rgb(1, 2, 3)"}),
        ("background", "linear-gradient(red, blue)", {"background-color": "transparent"}),
        ("background", "currentColor", {"background-color": "currentcolor"}),
        ("font", "italic bold 34px/1.15 Georgia, 'A B'", {"font-size": "34px", "font-weight": "bold"}),
        ("font", "700 1.5em serif", {"font-size": "1.5em", "font-weight": "700"}),
        ("font", "italic larger serif", {"font-size": "larger", "font-weight": "normal"}),
        ("font", "inherit", {}),
        ("color", "Red", {"color": "red"}),
        ("color", "inherit", {"color": "inherit"}),
        ("color", "fancy", {}),
        ("background-color", "var(--x)", {}),
        ("opacity", ".5", {"opacity": ".5"}),
    ],
)
def test_shorthands_are_taken_apart_and_colours_that_are_none_left_out(
    name: str, value: str, said: dict[str, str]
) -> None:
    assert dict(longhands(name, value)) == said
