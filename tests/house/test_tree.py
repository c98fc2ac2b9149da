"""What must never be in the tree: addresses of registries, paths of a machine, locks that leak."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Put together here, so that this file does not hold what it looks for.
_HALVES = (("py", r"pi\.org"), ("python", r"hosted\."), ("npm", r"js\."), ("crates", r"\.io"))
REGISTRIES = re.compile("|".join(rf"{left}{right}" for left, right in _HALVES))
MACHINE = re.compile(r"(?<![A-Za-z0-9_.~:/-])/(?:work|root|home/[a-z]+|Users)/")


def tracked() -> list[Path]:
    """Return the files of the project that are text."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    ).stdout.decode()
    files = [ROOT / name for name in listed.split("\0") if name]
    return [path for path in files if path.is_file() and b"\0" not in path.read_bytes()[:1000]]


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="only a checkout knows which files are the project's")
def test_no_file_names_a_registry_or_a_path_of_a_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {match[0]}"
        for path in tracked()
        for pattern in (REGISTRIES, MACHINE)
        for match in pattern.finditer(path.read_text(encoding="utf-8", errors="replace"))
    ]

    assert found == []


@pytest.mark.parametrize("name", ["run.txt", "test.txt"])
def test_a_lock_pins_every_package_by_hash_and_names_no_address(name: str) -> None:
    text = (ROOT / "requirements" / name).read_text(encoding="utf-8")

    packages = re.findall(r"^([a-z0-9][^\s=]*)==", text, re.MULTILINE)
    hashed = re.findall(r"^[a-z0-9][^\s=]*==[^\n]*\\\n    --hash=sha256:", text, re.MULTILINE)

    assert len(packages) > 20
    assert len(hashed) == len(packages)
    assert "://" not in text


def test_the_locks_agree_on_every_version() -> None:
    def versions(name: str) -> set[str]:
        return set(re.findall(r"^[a-z0-9][^\s]*==[^\s]+", (ROOT / "requirements" / name).read_text(), re.MULTILINE))

    assert versions("run.txt") <= versions("test.txt")
