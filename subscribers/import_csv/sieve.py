"""From rows to Candidates and Departures: each address once, each fault with its line."""

from datetime import date, datetime
from operator import itemgetter
from typing import NamedTuple

from subscribers import address
from subscribers.errors import BadAddress
from subscribers.import_csv.formats import Format
from subscribers.import_csv.plan import ImportPlan, Reason, Refusal
from subscribers.import_csv.rows import Malformed, Row
from subscribers.import_csv.spool import Marked
from subscribers.import_csv.wishes import CHOICES, Asked, Columns, Fault, choose, instant, said_of_consent
from subscribers.model import SuppressionReason
from subscribers.text import one_line, unguarded
from subscribers.wishes import LONGEST_NAME, Wishes

#: So many different choices are remembered; beyond that a file is not of the common kind, and memory counts.
_MOST_CHOICES = 10_000


class Candidate(NamedTuple):
    """Somebody whom the file asks to be taken in, and the line that they stand on; *mark* is their fingerprint."""

    line: int
    mark: str
    key: str
    address: str
    name: str
    wishes: Wishes
    is_paused: bool
    paused_until: date | None
    #: What the file says about when they agreed.
    said: str


class Departure(NamedTuple):
    """Somebody who had left where the file comes from, why they get no mail, and since when, if the file says it."""

    line: int
    mark: str
    key: str
    reason: SuppressionReason
    left_at: datetime | None
    #: Whether the same file names them as a reader further up.
    is_named_before: bool


class Sieve:
    """Turns the rows of a file with these *columns* into what they are, each address once, in two steps."""

    def __init__(self, columns: Columns, plan: ImportPlan) -> None:
        """Begin with nobody seen."""
        self._columns, self._plan = columns, plan
        self._last_mark = ""
        self._address = columns.places["address"]
        self._choices = [columns.places.get(choice) for choice in CHOICES]
        places = [place for place in self._choices if place is not None]
        # Two at least, so that it always gives a tuple.
        self._chosen = itemgetter(self._address, self._address, *places)
        self._known: dict[tuple[str, ...], Asked | SuppressionReason | Fault] = {}
        self._tells_consent = not columns.places.keys().isdisjoint({"opted_at", "confirmed_at", "listed_at"})

    def mark(self, row: Row | Malformed) -> Marked | Refusal:
        """Return *row* with its address and its mark, by which rows are put in order for ``sift``."""
        if isinstance(row, Malformed):
            return Refusal(row.line, Reason.MALFORMED, row.fact)
        line, cells = row
        width = self._columns.width
        if len(cells) != width and (len(cells) < width or any(cells[width:])):
            return Refusal(line, Reason.MALFORMED, f"has {len(cells)} cells where the header has {width}")
        try:
            found = address.parse(unguarded(cells[self._address]), allow_special=self._plan.allow_special)
        except BadAddress as fault:
            return Refusal(line, Reason.BAD_ADDRESS, str(fault))
        return Marked(address.fingerprint(found.key, self._plan.fingerprint_key), line, found.text, found.key, cells)

    def sift(self, row: Marked) -> Candidate | Departure | Refusal:
        """Return what *row* is; those of one mark come one after the other, in the order of the file."""
        asked = self._asked(row.cells)
        if isinstance(asked, Asked):
            return self._candidate(row, asked)
        if isinstance(asked, SuppressionReason):
            return self._departure(row, asked)
        return Refusal(row.line, asked.reason, asked.fact)

    def _is_new(self, mark: str) -> bool:
        """Take *mark* down, and say whether it is new."""
        is_new, self._last_mark = mark != self._last_mark, mark
        return is_new

    def _departure(self, row: Marked, reason: SuppressionReason) -> Departure | Refusal:
        mark, line, _, key, cells = row
        cell = self._columns.cell
        is_new = self._is_new(mark)
        is_ours = self._columns.format is Format.DIGEST and not self._plan.everybody_left
        if is_ours and not cell(cells, "suppressed"):
            # Our own export tells who left one newsletter from who gets no mail at all.
            fact = "names somebody who had left the newsletter that the file was made of"
            return Refusal(line, Reason.LEFT_ELSEWHERE, fact)
        left_at = instant(cell(cells, "left_at") or cell(cells, "deleted_at") or cell(cells, "left"))
        return Departure(line, mark, key, reason, left_at, not is_new)

    def _asked(self, cells: tuple[str, ...]) -> Asked | SuppressionReason | Fault:
        if self._columns.gone is not None:
            return self._columns.gone
        if self._columns.cell(cells, "deleted_at"):
            return SuppressionReason.UNSUBSCRIBED
        chosen = self._chosen(cells)[2:]
        asked = self._known.get(chosen)
        if asked is None:
            if len(self._known) >= _MOST_CHOICES:
                self._known.clear()
            asked = choose([cells[place] if place is not None else "" for place in self._choices], self._plan)
            self._known[chosen] = asked
        return asked

    def _candidate(self, row: Marked, asked: Asked) -> Candidate | Refusal:
        mark, line, text, key, cells = row
        name = self._name(cells)
        if len(name) > LONGEST_NAME:
            fact = f"name is longer than {LONGEST_NAME} characters; shorten it"
            return Refusal(line, Reason.BAD_NAME, fact)
        if not self._is_new(mark):
            return Refusal(line, Reason.DUPLICATE, "has an address that stands further up in the file")
        said = said_of_consent(cells, self._columns) if self._tells_consent else ""
        return Candidate(line, mark, key, text, name, *asked, said)

    def _name(self, cells: tuple[str, ...]) -> str:
        cell = self._columns.cell
        return one_line(cell(cells, "name") or f"{cell(cells, 'first_name')} {cell(cells, 'last_name')}")
