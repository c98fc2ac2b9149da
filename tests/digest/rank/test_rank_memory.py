"""Two weeks of an invented newspaper: what was printed comes again only when there is really something new."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from digest.compose import compose
from digest.model.candidate import Candidate, RankContext
from digest.model.draft import EditionFacts, Story
from digest.model.ids import EditionId
from digest.model.newsletter import Newsletter, RankingWeights, SectionPlan, Sender
from digest.rank import rank
from subscribers.cadence import Cadence

Article = Callable[..., Candidate]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WEIGHTS = RankingWeights()
FIRST = datetime(2031, 5, 5, 5, 0, tzinfo=UTC)
COMPANIES = (
    *("Norvik", "Quillon", "Brasco", "Tolmera", "Wendale", "Ostrava Glass", "Pellim", "Hartwig", "Suncorva", "Zephira"),
    *("Mirandel", "Kestrow", "Falmont", "Dunlievy", "Arkadel", "Loxton", "Verrado", "Ingleby", "Castamar", "Yorvane"),
    *("Ruddock", "Silvane", "Jorvell", "Emberly", "Gantry", "Umbrico", "Cormack", "Baxendale"),
)
#: What happens, how a late paper words the same, and what comes of it two days on.
EVENTS = (
    (
        "recalls vans over battery fires",
        "vans recalled over battery fires",
        "chief resigns over battery fires, police raid",
    ),
    ("closes its bottling plant", "bottling plant closes", "strikers occupy bottling plant gates"),
    ("opens a museum of clocks", "museum of clocks opens", "burglars take gold from museum of clocks"),
    ("wins the tram line contract", "tram line contract won", "losing bidder sues over tram line contract"),
    ("sells its salmon farms", "salmon farms sold", "buyer finds lice at salmon farms"),
    ("raises cinema ticket prices", "cinema ticket prices rise", "boycott empties cinema over ticket price"),
    ("finds lithium under a quarry", "lithium found under quarry", "geologist calls lithium quarry a fraud"),
    ("buys the opera house roof", "opera house roof bought", "heavy snow breaks opera house roof"),
    ("merges its two airlines", "two airlines merge", "pilots ground merged airlines by walkout"),
    ("launches a cheap satellite", "cheap satellite launched", "cheap satellite falls into sea"),
    ("publishes lost poems", "lost poems published", "scholars doubt lost poems, blame forger"),
    ("tests driverless ferries", "driverless ferries tested", "driverless ferries collide, harbourmaster injured"),
    ("plants a million oaks", "million oaks planted", "beetles devour million oaks, farmers furious"),
    ("hires refugees as bakers", "refugees hired as bakers", "court praises bakers, refugees may stay"),
)


class Paper:
    """One newspaper as it goes from day to day, with what it has sent."""

    def __init__(self) -> None:
        self.sent: dict[str, EditionId] = {}
        self.newsletter = Newsletter(
            slug="eastmouth",
            title="Eastmouth Daily",
            sender=Sender(name="Eastmouth Daily", address="daily@eastmouth.example"),
            sections=(SectionPlan(slug="business", title="Business", stories=20),),
            sources=(),
        )

    def issue(self, number: int, articles: Sequence[Candidate], now: datetime) -> tuple[Story, ...]:
        context = RankContext(period_start=now - DAY, already_sent=dict(self.sent))
        seen = [one for one in articles if now - 72 * HOUR <= one.first_seen <= now]
        facts = EditionFacts(newsletter="eastmouth", cadence=Cadence.DAILY, date=now.date(), number=number)
        stories = compose(self.newsletter, rank(seen, context, WEIGHTS, now), facts).stories
        keys = {one.article_id: one.url_key for one in articles}
        self.sent |= {keys[number_]: EditionId(number) for story in stories for number_ in story.article_ids}
        return stories


def two_weeks(article: Article) -> Iterator[tuple[str, str, Candidate]]:
    """Yield (event, kind of telling, Candidate): two events a day, told at once and late, some taken further."""
    for at, company in enumerate(COMPANIES):
        said, late, after = EVENTS[at % len(EVENTS)]
        begins = FIRST + (at // 2) * DAY + (3 + at % 2) * HOUR
        for place, hours in enumerate((0, 2, 5)):
            yield company, "told", told(article, f"{company} {said}", f"paper{place}.example", begins + hours * HOUR)
        for place, hours in enumerate((23, 26)):
            yield company, "late", told(article, f"{company} {late}", f"late{place}.example", begins + hours * HOUR)
        if at % 3 == 0:
            for place, hours in enumerate((44, 47)):
                yield (
                    company,
                    "after",
                    told(article, f"{company} {after}", f"paper{place}.example", begins + hours * HOUR),
                )


def told(article: Article, title: str, publisher: str, published: datetime) -> Candidate:
    return replace(article(title, publisher), published=published, first_seen=published)


def test_no_event_comes_twice_but_for_what_has_really_moved_on(article: Article, now: datetime) -> None:
    weeks = list(two_weeks(article))
    told_as = {one.article_id: (event, kind) for event, kind, one in weeks}
    articles = [one for _, _, one in weeks]
    paper = Paper()

    printed = [
        (*told_as[story.article_ids[0]], story.is_update)
        for number in range(1, 17)
        for story in paper.issue(number, articles, FIRST + number * DAY)
    ]

    news = [event for event, _, is_update in printed if not is_update]
    assert sorted(news) == sorted(COMPANIES)
    assert [(event, kind) for event, kind, is_update in printed if is_update] == [
        (event, "after") for event in COMPANIES[::3]
    ]


def test_a_follow_up_that_stands_alone_is_known_by_its_likeness_to_what_was_sent(
    article: Article, now: datetime
) -> None:
    sent = article("Harbour bridge in Eastmouth closes for six months", "a.example", ago=60)
    later = article("Eastmouth harbour bridge: mayor resigns over cracks", "b.example", ago=4)
    again = article("Bridge in Eastmouth harbour closes for months", "c.example", ago=3)
    okapi = article("Zoo names its newborn okapi Pemba", "d.example", ago=3)
    context = RankContext(period_start=now - DAY, already_sent={sent.url_key: EditionId(41)})

    ranked = rank([sent, later, okapi], context, WEIGHTS, now)
    repeated = rank([sent, again, okapi], context, WEIGHTS, now)

    assert {cluster.lead: cluster.update_of for cluster in ranked if not cluster.left_out} == {
        later: EditionId(41),
        okapi: None,
    }
    assert [cluster.lead for cluster in repeated if not cluster.left_out] == [okapi]


def test_nothing_is_remembered_of_a_paper_that_sent_nothing(article: Article, now: datetime) -> None:
    late = article("Harbour bridge in Eastmouth closes for six months", "a.example", ago=4)

    (cluster,) = rank([late], RankContext(period_start=now - DAY), WEIGHTS, now)

    assert cluster.update_of is None
    assert cluster.left_out == ""
