"""Stories: whether headlines on the same event come together and others stay apart, at what cost."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from operator import attrgetter
from pathlib import Path
from typing import Any

from benchmarks.gather import sets
from benchmarks.gather.candidates import of_feeds, of_headlines
from benchmarks.gather.partition import Agreement, agreement
from benchmarks.gather.peers import METHODS
from benchmarks.gather.sets import Headline
from benchmarks.program import HALVES, Arguments, Floor, Program, Report, Table, half_of, ratio
from benchmarks.spent import in_child
from digest import meaning
from digest.errors import SettingsError
from digest.meaning import Meanings
from digest.model.candidate import Candidate, RankContext
from digest.model.newsletter import RankingWeights
from digest.rank import group, rank

OURS = "digest.rank"
WITH_MEANINGS = "digest.rank, embeddings"
MANY = 10_000
GROUPING = "grouping"
RANKING = "all of ranking"
EMBEDDING = "embedding and grouping"
PATIENCE = 400
COLUMNS = {
    "method": "",
    "threshold": "",
    "B³ precision": ".3f",
    "B³ recall": ".3f",
    "B³ F1": ".3f",
    "pairs F1": ".3f",
    "ARI": ".3f",
}


def measure(arguments: Arguments) -> Report:
    """Group the stories as one newsletter, in halves, by category, and among unrelated news, by titles and links."""
    headlines = [each for each in sets.headlines(arguments.data) if arguments.takes(each.story)]
    noise = _unrelated(arguments.data, headlines)
    meanings = _installed()
    whole = _compared(headlines, meanings)
    by_category = _by_category(headlines)
    free, noisy = _among_noise(headlines, noise, {name: threshold for name, (threshold, _) in whole.items()}, meanings)
    cost, seconds = _cost(arguments, meanings)
    f1 = {name: said.f1 for name, (_, said) in whole.items()}
    return Report(
        tables=[
            _table("Stories: the whole set as one newsletter", whole, headlines),
            *(
                _table(f"Stories: the {half} half of the stories", _compared(part, meanings), part)
                for half in HALVES
                if (part := [each for each in headlines if half_of(each.story) == half]) and not arguments.half
            ),
            _table("Stories: each category a newsletter", by_category, headlines),
            noisy,
            cost,
        ],
        floors=[
            *_floors(f1, free, seconds),
            *(_floors_with_meanings(f1, free, seconds) if meanings else ()),
            Floor(
                claim="B³ F1 by category, times TF-IDF average linkage at its best",
                value=ratio(by_category[OURS][1].f1, by_category["TF-IDF, average linkage"][1].f1),
                bound=1,
            ),
        ],
    )


def _floors(f1: Mapping[str, float], free: Mapping[str, float], seconds: Mapping[str, float]) -> list[Floor]:
    beaten = ("MinHash-LSH, components", "TF-IDF, components", "TF-IDF, HDBSCAN")
    return [
        Floor(claim="B³ F1 as one newsletter", value=f1[OURS], bound=0.85),
        *(
            Floor(claim=f"B³ F1 as one newsletter, times {name} at its best", value=ratio(f1[OURS], f1[name]), bound=1)
            for name in beaten
        ),
        Floor(claim="unrelated items in no story", value=free[OURS], bound=0.97),
        *(
            Floor(claim=f"{name}: seconds for {MANY:,}", value=seconds[name], bound=1, at_most=True, spec=".2f")
            for name in (GROUPING, RANKING)
        ),
    ]


def _floors_with_meanings(
    f1: Mapping[str, float], free: Mapping[str, float], seconds: Mapping[str, float]
) -> list[Floor]:
    return [
        Floor(claim="with embeddings, B³ F1 as one newsletter", value=f1[WITH_MEANINGS], bound=0.89),
        Floor(claim="with embeddings, unrelated items in no story", value=free[WITH_MEANINGS], bound=0.97),
        Floor(claim=f"{EMBEDDING}: seconds for {MANY:,}", value=seconds[EMBEDDING], bound=90, at_most=True, spec=".1f"),
    ]


def grouped(candidates: Sequence[Candidate], meanings: Meanings | None = None) -> dict[int, int]:
    """Return a label for each article id, as the product groups *candidates* at the default threshold."""
    known: dict[Any, Any] = {}
    if meanings is not None:
        ids = [each.article_id for each in candidates]
        known = dict(zip(ids, meanings.of([each.title for each in candidates]), strict=True))
    events = group(candidates, threshold=RankingWeights().same_story, meanings=known)
    by_key = {member.url_key: label for label, event in enumerate(events) for member in event}
    return {each.article_id: by_key[each.url_key] for each in candidates}


def _installed() -> Meanings | None:
    """Return the model, None where the extra is not installed."""
    try:
        return meaning.load()
    except SettingsError:
        return None


def _ours(meanings: Meanings | None) -> dict[str, Meanings | None]:
    """Return what our methods read besides words."""
    return {OURS: None} if meanings is None else {OURS: None, WITH_MEANINGS: meanings}


def _category(headline: Headline) -> str:
    return headline.category


def _compared(headlines: Sequence[Headline], meanings: Meanings | None) -> dict[str, tuple[str, Agreement]]:
    """Return for each method its best threshold, ours the default, and how it agrees with the stories."""
    truth = [each.story for each in headlines]
    found: dict[str, tuple[str, Agreement]] = {}
    for name, read in _ours(meanings).items():
        labels = grouped(of_headlines(headlines, _category), read)
        found[name] = ("default", agreement(truth, [labels[each.number] for each in headlines]))
    titles = [each.title for each in headlines]
    for name, method in METHODS.items():
        tried = [(threshold, agreement(truth, said)) for threshold, said in method(titles)]
        found[name] = max(tried, key=lambda each: each[1].f1)
    return found


def _by_category(headlines: Sequence[Headline]) -> dict[str, tuple[str, Agreement]]:
    """As ``_compared``, each category for itself; one threshold for all categories, the best."""
    parts = [[each for each in headlines if each.category == name] for name in sorted({h.category for h in headlines})]
    truth = [each.story for part in parts for each in part]
    ours: list[tuple[int, int]] = []
    for at, part in enumerate(parts):
        labels = grouped(of_headlines(part, _category))
        ours += [(at, labels[each.number]) for each in part]
    found = {OURS: ("default", agreement(truth, ours))}
    for name, method in METHODS.items():
        runs: dict[str, list[tuple[int, int]]] = {}
        for at, part in enumerate(parts):
            for threshold, said in method([each.title for each in part]):
                runs.setdefault(threshold, []).extend((at, label) for label in said)
        found[name] = max(((t, agreement(truth, run)) for t, run in runs.items()), key=lambda each: each[1].f1)
    return found


def _unrelated(data: Path, headlines: Sequence[Headline]) -> list[Candidate]:
    """Return the items of the set of feeds, cut down to what headlines have: title and link, the feed as section."""
    names = {file.name for file in sets.feeds(data)}
    items = of_feeds(data, since=headlines[0].published, until=headlines[-1].published)
    return [replace(item, summary="", section=item.source_key) for item in items if item.source_key in names]


def _among_noise(
    headlines: Sequence[Headline],
    noise: Sequence[Candidate],
    thresholds: Mapping[str, str],
    meanings: Meanings | None,
) -> tuple[dict[str, float], Table]:
    """
    Group headlines and unrelated items together, each method at the threshold that was its best without these.

    Return also the share of unrelated items that each method keeps out of every story.
    """
    truth = [each.story for each in headlines]
    runs: dict[str, Sequence[int]] = {}
    for name, read in _ours(meanings).items():
        labels = grouped([*of_headlines(headlines, _category), *noise], read)
        runs[name] = [labels[each] for each in (*(h.number for h in headlines), *(n.article_id for n in noise))]
    titles = [*(each.title for each in headlines), *(each.title for each in noise)]
    for name, method in METHODS.items():
        runs[name] = next(said for threshold, said in method(titles) if threshold == thresholds[name])
    rows: list[list[Any]] = []
    free: dict[str, float] = {}
    for name, said in runs.items():
        stories = set(said[: len(headlines)])
        glued = sum(label in stories for label in said[len(headlines) :])
        free[name] = 1 - ratio(glued, len(noise))
        rows.append([name, thresholds[name], glued, free[name], *_figures(agreement(truth, said[: len(truth)]))])
    table = Table(
        title="Stories: among unrelated news",
        columns={"method": "", "threshold": "", "unrelated in a story": ",d", "share in none": ".4f", **_metrics()},
        rows=rows,
        note=f"{len(noise):,} items of the set of feeds among {len(headlines):,} headlines, spread over the same days; "
        "agreement counts the headlines.",
    )
    return free, table


def grouping(data: Path) -> Callable[[], int]:
    """Prepare all candidates, and return what groups them and counts them."""
    candidates = _all(data)
    grouped(candidates[:50])

    def work() -> int:
        grouped(candidates)
        return len(candidates)

    return work


def ranking(data: Path) -> Callable[[], int]:
    """As ``grouping``, for all that ranking does."""
    candidates = _all(data)
    context = RankContext(period_start=min(each.first_seen for each in candidates))
    now = max(each.first_seen for each in candidates)
    rank(candidates[:50], context, RankingWeights(), now)

    def work() -> int:
        rank(candidates, context, RankingWeights(), now)
        return len(candidates)

    return work


def embedding(data: Path) -> Callable[[], int]:
    """As ``grouping``, with the reading of what the headlines mean."""
    candidates = _all(data)
    meanings = meaning.load()
    grouped(candidates[:50], meanings)

    def work() -> int:
        grouped(candidates, meanings)
        return len(candidates)

    return work


def _all(data: Path) -> list[Candidate]:
    """Return all headlines and all items of the sets with feeds, by title and link."""
    headlines = sets.headlines(data)
    items = of_feeds(data, since=headlines[0].published, until=headlines[-1].published)
    return [*of_headlines(headlines, _category), *(replace(each, summary="") for each in items)]


def _cost(arguments: Arguments, meanings: Meanings | None) -> tuple[Table, dict[str, float]]:
    """Return what the work on all items takes, and the seconds for ten thousand by the name of the work."""
    works = {GROUPING: grouping, RANKING: ranking, **({EMBEDDING: embedding} if meanings else {})}
    rows: list[list[Any]] = []
    seconds: dict[str, float] = {}
    for name, work in works.items():
        runs = 1 if work is embedding else arguments.runs
        spent = sorted(
            (in_child(work, arguments.data, patience=PATIENCE) for _ in range(runs)), key=attrgetter("seconds")
        )
        middle = spent[len(spent) // 2]
        seconds[name] = ratio(middle.seconds * MANY, middle.result)
        rows.append([name, middle.result, middle.seconds, seconds[name], middle.megabytes])
    table = Table(
        title="Stories: cost",
        columns={"work": "", "candidates": ",d", "seconds": ".2f", "seconds for 10,000": ".2f", "MB above idle": ".0f"},
        rows=rows,
        note="Titles and links of all sets at once; processor time in a process of its own.",
    )
    return table, seconds


def _metrics() -> dict[str, str]:
    return dict(list(COLUMNS.items())[2:])


def _figures(said: Agreement) -> list[float]:
    return [said.precision, said.recall, said.f1, said.pairs, said.ari]


def _table(title: str, found: dict[str, tuple[str, Agreement]], headlines: Sequence[Headline]) -> Table:
    stories = len({each.story for each in headlines})
    return Table(
        title=title,
        columns=COLUMNS,
        rows=[[name, threshold, *_figures(said)] for name, (threshold, said) in found.items()],
        note=f"{len(headlines):,} headlines, {stories} stories. The others at their best threshold of a small grid.",
    )


if __name__ == "__main__":
    Program(name="stories", about=__doc__ or "", measure=measure, peers=("datasketch", "scikit-learn", "scipy")).run()
