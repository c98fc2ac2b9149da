"""The script that renews the table of mail programs takes the facts and leaves the patterns."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[4] / "docs" / "clients.py"
STATS = {"gmail": {"ios": {"2020-01": "n", "2024-02": "a #1"}}, "hey": {"webmail": {"2021-03": "y"}}}
DATA: dict[str, object] = {
    "last_update_date": "2026-05-13 14:45:41 +0000",
    "nicenames": {"family": {"gmail": "Gmail", "hey": "HEY"}, "platform": {"ios": "iOS", "webmail": "Webmail"}},
    "data": [
        {"slug": "css-gap", "stats": {"gmail": STATS["gmail"]}},
        {"slug": "css-filter", "stats": STATS},
        {"slug": "amp", "stats": STATS},
    ],
}


@pytest.fixture
def script(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Return the script, with a table of its own that has two rows."""
    spec = importlib.util.spec_from_file_location("clients_script", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    table = tmp_path / "clients.tsv"
    table.write_text("# Old.\nslug\tpattern\tGmail (iOS)\ncss-gap\tproperty:gap\ty\ncss-filter\tproperty:filter\ty\n")
    monkeypatch.setattr(module, "TABLE", table)
    return module


def test_facts_are_renewed_while_patterns_stay(
    script: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data.json").write_text(json.dumps(DATA))

    script.main(tmp_path / "data.json")

    lines = (tmp_path / "clients.tsv").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not line.startswith("#")] == [
        "slug\tpattern\tGmail (iOS)\tHEY (Webmail)",
        "css-filter\tproperty:filter\ta\ty",
        "css-gap\tproperty:gap\ta\tu",
    ]
    assert any("2026-05-13" in line for line in lines)
    assert "not looked for: amp" in capsys.readouterr().out


def test_a_row_whose_feature_has_gone_is_told_and_the_table_left(script: ModuleType, tmp_path: Path) -> None:
    (tmp_path / "data.json").write_text(json.dumps({**DATA, "data": []}))
    before = (tmp_path / "clients.tsv").read_text()

    with pytest.raises(SystemExit, match="has no css-filter, css-gap; take the rows out of"):
        script.main(tmp_path / "data.json")

    assert (tmp_path / "clients.tsv").read_text() == before


@pytest.mark.parametrize(
    ("versions", "letter"),
    [
        ({"2019-02": "n", "2021-05": "y"}, "y"),
        ({"2026-04": "y", "2021-03": "n"}, "y"),
        ({"9": "n", "10": "a", "8.5": "y"}, "a"),
        ({"2011": "n", "2016": "n", "16.80": "y #2"}, "y"),
        ({"16.80": "n", "2024-10": "a"}, "a"),
    ],
)
def test_the_newest_version_counts_however_versions_are_written(
    versions: dict[str, str], letter: str, script: ModuleType
) -> None:
    assert script.newest(versions) == letter
