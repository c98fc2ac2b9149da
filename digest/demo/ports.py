"""Where a demo serves: at the usual ports, or at those of its directory's last day."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self


@dataclass(frozen=True, slots=True)
class Ports:
    """The ports that a demo serves at if they are free; at others if not."""

    pages: int = 8025
    sources: int = 8026
    smtp: int = 8027
    inbox: int = 8028

    @classmethod
    def of(cls, directory: Path) -> Self:
        """Return the ports of the last day in *directory*: at others its news would be of other addresses, so new."""
        try:
            return cls(**json.loads(_file(directory).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return cls()

    def keep(self, directory: Path) -> None:
        """Write down for the next day in *directory* where this one served."""
        _file(directory).write_text(json.dumps(asdict(self)), encoding="utf-8")


def _file(directory: Path) -> Path:
    return directory / "ports.json"
