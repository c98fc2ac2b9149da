"""What the package brings along: templates and an example config, in a checkout and in an installed wheel alike."""

from pathlib import Path

_PACKAGE = Path(__file__).parent
#: In a wheel the shared files lie inside the package; in a checkout, beside it.
_ROOT = _PACKAGE / "_share" if (_PACKAGE / "_share").is_dir() else _PACKAGE.parent


def templates() -> Path:
    """Return the folder of the packaged templates: ``email/`` and ``web/``."""
    return _ROOT / "templates"


def example_config() -> str:
    """Return the text of the example config.toml."""
    return (_PACKAGE / "example.toml").read_text(encoding="utf-8")
