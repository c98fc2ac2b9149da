"""`digest keys …`: the keys that sign the links in mails."""

import typer

from digest.cli.output import Json, answer, complain, table
from digest.cli.wired import settings
from digest.clock import SystemClock
from digest.services import rotate_keys, signing_keys_since

app = typer.Typer(help="The keys that sign the links in mails.", no_args_is_help=True)


@app.command()
def show(*, as_json: Json = False) -> None:
    """Tell how many keys sign or open links, and since when. No key is ever shown."""
    _tell(as_json=as_json)


@app.command()
def rotate(*, as_json: Json = False) -> None:
    """Sign with a new key from the next start on; links of old mails keep opening. Restart `digest run` afterwards."""
    rotate_keys(settings().state, SystemClock().now())
    _tell(as_json=as_json)
    complain("Restart every `digest run` now: one that runs signs with the key before, and cannot open the new links.")


def _tell(*, as_json: bool) -> None:
    since = signing_keys_since(settings().state)
    if as_json:
        told = [{"since": at, "signs": place == 0} for place, at in enumerate(since)]
        answer({"signing_keys": told}, as_json=True)
        return
    rows = [
        ("signs" if place == 0 else "opens old links", "the first start" if at is None else f"{at:%Y-%m-%d %H:%M %Z}")
        for place, at in enumerate(since)
    ]
    table(("key", "since"), rows, empty="")
