"""Every setting stands in docs/settings.md, with its default and what it does."""

from pathlib import Path

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from digest.settings import shape

PAGE = (Path(__file__).parents[2] / "docs" / "settings.md").read_text(encoding="utf-8")
TABLES: dict[str, type[BaseModel]] = {
    "[site]": shape.SiteTable,
    "[database]": shape.DatabaseTable,
    "[smtp]": shape.SmtpTable,
    "[[relay]]": shape.RelayTable,
    "[[domain]]": shape.DomainTable,
    "[sending]": shape.SendingTable,
    "[[dkim]]": shape.DkimTable,
    "[bounces]": shape.BouncesTable,
    "[readers]": shape.ReadersTable,
    "[gather]": shape.GatherTable,
    "[log]": shape.LogTable,
    "[[newsletter]]": shape.NewsletterTable,
    "[newsletter.look]": shape.LookTable,
    "[newsletter.weights]": shape.WeightsTable,
    "[[newsletter.section]]": shape.SectionTable,
    "[[newsletter.source]]": shape.SourceTable,
    "[newsletter.source.selectors]": shape.SelectorsTable,
}
SETTINGS = [
    pytest.param(heading, name, field, id=f"{heading} {name}")
    for heading, table in TABLES.items()
    for name, field in table.model_fields.items()
    if table is not shape.RelayTable or name not in shape.SmtpTable.model_fields
    if (heading, name) not in {("[[newsletter]]", n) for n in ("look", "weights", "section", "source")}
]


@pytest.mark.parametrize(("heading", "name", "field"), SETTINGS)
def test_a_setting_is_documented_with_what_it_does(heading: str, name: str, field: FieldInfo) -> None:
    chapter = PAGE.split(f"## `{heading}`", 1)[1].split("\n## ", 1)[0]

    row = next((line for line in chapter.splitlines() if line.startswith(f"| `{name}` |")), "")

    assert field.description
    assert field.description.replace("|", "\\|") in row


def test_the_page_names_no_setting_that_does_not_exist() -> None:
    known = {name for table in TABLES.values() for name in table.model_fields}

    named = {line.split("`")[1] for line in PAGE.splitlines() if line.startswith("| `")}

    assert named <= known
