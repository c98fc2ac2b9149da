"""`digest bounce …`: what returned mails and complaints say, from files, mailboxes or a pipe."""

import mailbox
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from digest import logs, returns
from digest.cli.output import FAILED, Json, answer, complain, out
from digest.cli.wired import services, settings
from digest.deliver import bounce, verp
from digest.deliver.bounce import Report
from digest.deliver.bounce.parsing import LARGEST
from digest.returns import Taken
from digest.services import Keyring, Services

app = typer.Typer(help="Bounces: what comes back to us.", no_args_is_help=True)

STANDARD_INPUT = "-"


@app.callback()
def _bounce() -> None:
    """Keep `read` a command of its own, though it is the only one."""


@dataclass(frozen=True, slots=True)
class _Mail:
    """One mail and where it lies, or why it could not be had."""

    file: str
    raw: bytes = b""
    fault: str = ""


@app.command()
def read(
    what: Annotated[
        list[str], typer.Argument(metavar="FILE…", help="Mails, mbox files or Maildir folders; - for standard input.")
    ],
    *,
    recipient: Annotated[
        str, typer.Option(metavar="ADDRESS", help="The envelope's recipient, where a mail server tells it.")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what it is; count nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Read returned mails, count those about mails of ours, and do what follows. A bad one never stops the rest."""
    envelope = (recipient,) if recipient else ()
    failed = False
    with _reader(dry_run=dry_run) as reader:
        for mail in (mail for name in what for mail in _mails(name)):
            said = reader.said(mail, envelope)
            failed = failed or "error" in said
            _show(said, as_json=as_json)
    if failed:
        raise typer.Exit(FAILED)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads mails; with *given* services it records them, with *keys* alone it only knows whose tokens they bear."""

    given: Services | None = None
    keys: Keyring | None = None

    def said(self, mail: _Mail, envelope: tuple[str, ...]) -> dict[str, Any]:
        """Return what *mail* says, as printed."""
        report = Report(kind=bounce.Kind.NONE, fault=mail.fault)
        if not mail.fault:
            report = bounce.read(mail.raw, recipients=envelope)
        said: dict[str, Any] = {
            "file": mail.file,
            "kind": report.kind.value,
            "status": report.status,
            "recipients": list(report.recipients),
        }
        if self.given is None:
            said |= self._verified(report)
        else:
            with self.given.session() as session:
                taken = returns.record(self.given, session, report)
            said |= {"token": taken.token, "verified": _verdict(taken), "outcome": taken.word}
        if report.fault:
            said["error"] = report.fault
        return said

    def _verified(self, report: Report) -> dict[str, Any]:
        found = (*report.tokens, *report.leave)
        first = next(iter(found), None)
        if self.keys is None:
            return {"token": first, "verified": None}
        for token in found:
            secret = self.keys.message
            if verp.opened(token, secret=secret) is not None or verp.leaving(token, secret=secret) is not None:
                return {"token": token, "verified": True}
        return {"token": first, "verified": False if found else None}


def _verdict(taken: Taken) -> bool | None:
    return None if taken.token is None else taken.is_verified


@contextmanager
def _reader(*, dry_run: bool) -> Iterator[_Reader]:
    """Give a reader that records; for a dry run one that needs neither settings nor a database."""
    if not dry_run:
        with services() as given:
            yield _Reader(given)
        return
    path = Path(os.environ.get("DIGEST_CONFIG") or "config.toml")
    keys = None
    if not path.exists():
        logs.configure("warning")  # on standard error: on standard output stand the answers
    else:
        state = settings().state
        keys = Keyring.open(state) if (state / "keys.json").exists() else None
    yield _Reader(keys=keys)


def _mails(name: str) -> Iterator[_Mail]:
    if name == STANDARD_INPUT:
        yield _Mail(name, sys.stdin.buffer.read(LARGEST + 1))
        return
    path = Path(name)
    try:
        if path.is_dir():
            yield from _of_maildir(path)
        elif _is_mbox(path):
            yield from _of_mbox(path)
        else:
            with path.open("rb") as file:
                yield _Mail(name, file.read(LARGEST + 1))
    except (OSError, mailbox.Error) as fault:
        reason = getattr(fault, "strerror", None) or str(fault) or "it is no mailbox"
        yield _Mail(name, fault=f"cannot be read: {reason}; name a mail, an mbox file or a Maildir folder")


def _is_mbox(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(5) == b"From "


def _of_mbox(path: Path) -> Iterator[_Mail]:
    box = mailbox.mbox(path, create=False)
    try:
        keys: Sequence[Any] = list(box.iterkeys())
        for number, key in enumerate(keys, 1):
            yield _Mail(str(path) if len(keys) == 1 else f"{path}#{number}", box.get_bytes(key))
    finally:
        box.close()


def _of_maildir(path: Path) -> Iterator[_Mail]:
    folders = [path / name for name in ("new", "cur") if (path / name).is_dir()]
    for file in sorted(file for folder in folders or [path] for file in folder.iterdir() if file.is_file()):
        with file.open("rb") as opened:
            yield _Mail(str(file), opened.read(LARGEST + 1))


def _show(said: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        answer(said, as_json=True)
        return
    if "error" in said:
        complain(f"{said['file']}: {said['error']}")
        return
    verdict = {True: "a mail of ours", False: "no token of ours", None: "no token"}[said["verified"]]
    words = [said["kind"], said["status"], ", ".join(said["recipients"]), verdict, said.get("outcome", "")]
    out.print(f"{said['file']}: {' · '.join(word for word in words if word)}", markup=False)
