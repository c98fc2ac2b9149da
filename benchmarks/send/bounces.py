"""Bounces: what returned mails are taken for, beside what people have labelled them, and how long reading takes."""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.program import Arguments, Floor, Program, Report, Table, ratio
from benchmarks.spent import cpu_race
from digest.deliver import bounce
from digest.deliver.bounce import Kind

#: What the labels of sisimai call a dead address.
HARD = frozenset({"userunknown", "hostunknown", "hasmoved", "notaccept"})
#: A mail that says "user unknown" in so many words and is labelled so was refused by a filter, as its server is known
#: to do; nothing in the mail tells.
FILTERED = "filtered"
TRUTHS = ("hard", "soft", "complaint", "none", "delayed")
#: How our kinds stand beside the labels: a refusal by policy is no dead address.
OURS = {Kind.POLICY: "soft", Kind.AUTO_REPLY: "none", Kind.UNSUBSCRIBE: "none"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """One recipient of one returned mail, what it is labelled, and what we take it for."""

    file: str
    label: str
    truth: str
    ours: str

    @property
    def is_right(self) -> bool:
        """Return whether we and the label agree; a delay is no failure (RFC 3464 §2.3.3)."""
        return self.ours == ("none" if self.truth == "delayed" else self.truth)


def measure(arguments: Arguments) -> Report:
    """Read both labelled sets and the unlabelled one."""
    root = arguments.data / "bounces"
    rows = [row for row in _sisimai(root / "sisimai") if arguments.takes(row.file)]
    wanted, found = _recipients(root / "flufl", arguments)
    everything = [path.read_bytes() for path in sorted(root.rglob("*")) if path.suffix in {".eml", ".txt"}]
    reports = [bounce.read(raw) for raw in everything]
    seconds = cpu_race({"read": lambda: [bounce.read(raw) for raw in everything]}, arguments.runs)["read"]
    wrongly_dead = [row for row in rows if row.ours == "hard" and row.truth != "hard"]
    faults = sum("could not be read" in report.fault for report in reports)
    tables = [_matrix(rows), _speed(len(everything), seconds, faults, wanted, found)]
    if arguments.own["wrong"]:
        tables.append(_wrong(rows))
    return Report(
        tables=tables,
        floors=[
            Floor(claim="kinds right, share", value=ratio(sum(row.is_right for row in rows), len(rows)), bound=0.97),
            Floor(
                claim="suppressed at once without need, of all not dead",
                value=ratio(len(wrongly_dead), sum(row.truth != "hard" for row in rows)),
                bound=0,
                at_most=True,
            ),
            Floor(claim="recipients found, share", value=ratio(found, wanted), bound=0.95),
            Floor(claim="mails that stopped us", value=faults, bound=0, at_most=True, spec=".0f"),
        ],
    )


def _sisimai(root: Path) -> Iterator[Labelled]:
    labels: Mapping[str, list[dict[str, str]]] = defaultdict(list)
    for row in _rows(root / "labels.tsv"):
        labels[Path(row["file"]).name].append(row)
    for file, rows in labels.items():
        report = bounce.read((root / "bsd" / file).read_bytes())
        each = [failure.kind for failure in report.failures]
        kinds = each if len(each) == len(rows) > 1 else [report.kind] * len(rows)
        # A report without a failure that is labelled with one is a warning that its server keeps trying.
        is_delay = report.kind is Kind.NONE and bool(report.recipients)
        for row, kind in zip(rows, kinds, strict=True):
            truth = _truth(row)
            yield Labelled(
                file=file,
                label=f"{row['dsn']} {row['reason']}",
                truth="delayed" if is_delay and truth == "soft" else truth,
                ours=OURS.get(kind, kind.value),
            )


def _truth(row: Mapping[str, str]) -> str:
    if row["reason"] == "feedback":
        return "none" if row["feedbacktype"] == "auth-failure" else "complaint"
    if row["reason"] in {"delivered", "vacation"}:
        return "none"
    return "hard" if row["reason"] in HARD else "soft"


def _recipients(root: Path, arguments: Arguments) -> tuple[int, int]:
    """Return how many recipients flufl.bounce's own tests name, and how many of them we find."""
    wanted = found = 0
    for row in _rows(root / "labels.tsv"):
        if arguments.takes(row["file"]):
            named = {address.lower() for address in row["addresses"].split()}
            ours = {address.lower() for address in bounce.read((root / row["file"]).read_bytes()).recipients}
            wanted += len(named)
            found += len(named & ours)
    return wanted, found


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)


def _matrix(rows: Sequence[Labelled]) -> Table:
    counts = Counter((row.truth, row.ours) for row in rows)
    filtered = sum(row.label.endswith(FILTERED) and row.ours == "hard" for row in rows)
    return Table(
        title="Bounces: labels and our kinds, by recipient",
        columns={"label": "", **dict.fromkeys(TRUTHS[:4], "d")},
        rows=[[truth, *(counts[truth, ours] for ours in TRUTHS[:4])] for truth in TRUTHS],
        note=f"{len(rows)} labelled recipients; soft holds refusals by policy. Of those soft by their label and "
        f"hard for us, {filtered} are mails in which the server says that there is no such user.",
    )


def _speed(mails: int, seconds: float, faults: int, wanted: int, found: int) -> Table:
    return Table(
        title="Bounces: reading",
        columns={"mails": "d", "µs per mail": ",.0f", "faults": "d", "recipients named": "d", "found": "d"},
        rows=[[mails, seconds / mails * 1e6, faults, wanted, found]],
        note="All three sets, whole; processor time, one thread.",
    )


def _wrong(rows: Sequence[Labelled]) -> Table:
    return Table(
        title="Bounces: where we and the labels differ",
        columns=dict.fromkeys(("file", "label", "truth", "ours"), ""),
        rows=[[row.file, row.label, row.truth, row.ours] for row in rows if not row.is_right],
    )


if __name__ == "__main__":
    Program(
        name="bounces",
        about=__doc__ or "",
        measure=measure,
        peers=("flufl.bounce",),
        options={"wrong": {"action": "store_true", "help": "list every recipient that we and the labels differ on"}},
        topic="send",
    ).run()
