"""The built wheel carries all that the product needs outside of its checkout."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Build the wheel and return its files by name."""
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        return {name: wheel.read(name) for name in wheel.namelist()}


def test_the_wheel_carries_every_template(members: dict[str, bytes]) -> None:
    templates = {
        f"digest/_share/templates/{path.relative_to(ROOT / 'templates')}"
        for path in (ROOT / "templates").rglob("*")
        if path.is_file()
    }

    assert len(templates) > 30
    assert templates <= set(members)


def test_the_wheel_carries_the_example_config(members: dict[str, bytes]) -> None:
    assert members["digest/example.toml"] == (ROOT / "config.toml").read_bytes()


def test_the_wheel_carries_the_sample_newspaper_and_the_migrations(members: dict[str, bytes]) -> None:
    assert sum(name.endswith(".jpg") for name in members) >= 18
    assert "digest/migrations/versions/0001_first_schema.py" in members
    assert "digest/migrations/env.py" in members


def test_the_wheel_carries_nothing_else(members: dict[str, bytes]) -> None:
    roots = {name.partition("/")[0] for name in members}

    assert {root for root in roots if not root.endswith(".dist-info")} == {"digest", "subscribers"}
