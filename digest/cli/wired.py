"""What commands on the service share: which config, the wired services, which Edition is meant."""

import datetime as dt
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from digest import calendar, logs
from digest.cli.output import usage
from digest.clock import SystemClock
from digest.model.newsletter import Newsletter
from digest.services import Services
from digest.settings import Settings, load
from subscribers.cadence import Cadence

Slug = Annotated[str, typer.Argument(help="The newsletter's slug, as in config.toml.", metavar="SLUG")]
Date = Annotated[dt.datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Date of the Edition; today by default.")]
CadenceOption = Annotated[
    Cadence | None, typer.Option("--cadence", help="daily or weekly, where there are both; or special, or correction.")
]


def settings() -> Settings:
    """Return the checked settings from --config, else $DIGEST_CONFIG, else ./config.toml; SettingsError as it says."""
    found = load(Path(os.environ.get("DIGEST_CONFIG") or "config.toml"))
    logs.configure(found.log_level, found.log_format)
    return found


@contextmanager
def services() -> Iterator[Services]:
    """Give the wired services, and give everything back at the end."""
    started = Services.start(settings(), SystemClock())
    try:
        yield started
    finally:
        started.close()


def which_edition(
    newsletter: Newsletter, date: dt.datetime | None, cadence: Cadence | None, now: dt.datetime
) -> tuple[Cadence, dt.date]:
    """Return the cadence and date that a command means, with today's as the default."""
    if cadence is not None and cadence not in newsletter.schedule.cadences and not cadence.is_beside:
        offered = " or ".join(newsletter.schedule.cadences)
        usage(f'newsletter "{newsletter.slug}" has no {cadence} Edition; give --cadence {offered}')
    day = date.date() if date is not None else calendar.local_date(now, newsletter.schedule.zone)
    return cadence or newsletter.schedule.cadences[0], day
