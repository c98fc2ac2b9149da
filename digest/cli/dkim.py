"""`digest dkim …`: keys to sign mail with, and the records that publish them."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from digest.cli.output import Json, answer, fail, out, usage
from digest.cli.wired import settings
from digest.clock import SystemClock
from digest.deliver.dkim import PrivateKey
from digest.deliver.dkim_keys import kind_of, load, make_ed25519, make_rsa, record, write, zone_line
from digest.model.dkim import record_name
from digest.settings.shape import key_selector, signing_domain

app = typer.Typer(help="Keys to sign mail with (DKIM), and their records for DNS.", no_args_is_help=True)


@app.command()
def new(
    domain: Annotated[str, typer.Argument(metavar="DOMAIN", help="The domain of your senders, or one above it.")],
    selector: Annotated[str, typer.Option(help="What the key is called in DNS [default: d and the month]")] = "",
    ed25519: Annotated[
        bool, typer.Option("--ed25519", help="Make an Ed25519 key too, for a second signature.")
    ] = False,
    directory: Annotated[Path, typer.Option("--out", metavar="DIR", help="Where the files of the keys go.")] = Path(),
    *,
    as_json: Json = False,
) -> None:
    """Make a key, and print its record for DNS and the lines for config.toml. No file is ever overwritten."""
    try:
        domain = signing_domain(domain)
        selector = key_selector(selector or f"d{SystemClock().now():%Y%m}")
    except ValueError as fault:
        usage(f'"{domain if "domain" in str(fault) else selector}" {fault}')
    wanted: list[tuple[str, Callable[[], PrivateKey]]] = [(selector, make_rsa)]
    if ed25519:
        wanted.append((f"{selector}-ed25519", make_ed25519))
    files = [directory / f"{domain}.{name}.pem" for name, _ in wanted]
    for path in files:
        if path.exists():
            fail(f"{path} is there already and is left alone; give another --selector or --out, or move it away")
    made = []
    for (name, make), path in zip(wanted, files, strict=True):
        key = make()
        try:
            directory.mkdir(parents=True, exist_ok=True)
            write(key, path)
        except OSError as fault:
            fail(f"{path} cannot be written: {fault.strerror}; check the folder")
        made.append(_told(domain, name, path, key))
    lines = _lines(domain, made)
    if as_json:
        answer({"keys": made, "config": lines}, as_json=True)
        return
    _print(made)
    out.print(
        "Publish that, give DNS an hour, put this into config.toml, and run `digest check --send`:\n", markup=False
    )
    out.print(lines, markup=False)


@app.command()
def show(*, as_json: Json = False) -> None:
    """Print the records that publish the keys of config.toml."""
    told = [_told(key.domain, file.selector, file.path, load(file)) for key in settings().dkim for file in key.files]
    if as_json:
        answer(told, as_json=True)
    elif told:
        _print(told)
    else:
        out.print(
            "There are none: signing is left to the relay. Make a key with `digest dkim new DOMAIN`.", markup=False
        )


def _told(domain: str, selector: str, path: Path, key: PrivateKey) -> dict[str, Any]:
    name, value = record_name(selector, domain), record(key)
    return {
        "domain": domain,
        "selector": selector,
        "algorithm": kind_of(key),
        "file": str(path),
        "name": name,
        "type": "TXT",
        "value": value,
        "zone_line": zone_line(name, value),
    }


def _print(told: list[dict[str, Any]]) -> None:
    for one in told:
        out.print(f"Key      {one['file']} ({one['algorithm']})", markup=False)
        out.print(f"Name     {one['name']}", markup=False)
        out.print(f"TXT      {one['value']}", markup=False)
        out.print(f"In a zone file:\n{one['zone_line']}\n", markup=False)


def _lines(domain: str, made: list[dict[str, Any]]) -> str:
    """Return the table for config.toml; paths below its folder begin there."""
    home = Path(os.environ.get("DIGEST_CONFIG") or "config.toml").resolve().parent
    lines = ["[[dkim]]", f'domain = "{domain}"']
    for one, prefix in zip(made, ("", "ed25519_"), strict=False):
        path = Path(one["file"]).resolve()
        shown = path.relative_to(home) if path.is_relative_to(home) else path
        lines += [f'{prefix}selector = "{one["selector"]}"', f"{prefix}key_file = '{shown}'"]
    return "\n".join(lines)
