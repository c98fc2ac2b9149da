"""The sample readers: a few people of different hours, tongues and tastes."""

from dataclasses import dataclass
from datetime import time

from subscribers.cadence import Cadence


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleReader:
    """What one reader would fill in at sign-up. *sections* is None for all, *hour* None for the newsletter's own."""

    name: str
    address: str
    language: str
    time_zone: str
    sections: tuple[str, ...] | None = None
    cadence: Cadence = Cadence.DAILY
    hour: time | None = None


SAMPLE_READERS = (
    SampleReader(name="Ada Winterbourne", address="ada@reader.example", language="en", time_zone="Europe/London"),
    SampleReader(
        name="Zoë Þórsdóttir",
        address="zoe.thorsdottir@reader.example",
        language="en",
        time_zone="Atlantic/Reykjavik",
        sections=("science", "culture"),
        hour=time(6, 30),
    ),
    SampleReader(
        name="Émile Brisset-Ngo",
        address="emile@courrier.example",
        language="fr",
        time_zone="Europe/Paris",
        sections=("culture", "world"),
        hour=time(8, 0),
    ),
    SampleReader(
        name="Jürgen Kräuter",
        address="kraeuter+news@post.example",
        language="de",
        time_zone="Europe/Berlin",
        sections=("mobility", "business"),
        cadence=Cadence.WEEKDAYS,
    ),
    SampleReader(
        name="Наталья Орлова",
        address="n.orlova@reader.example",
        language="en",
        time_zone="Asia/Almaty",
        sections=("world", "business", "science"),
    ),
    SampleReader(
        name="高橋 みなと",
        address="minato@yubin.example",
        language="en",
        time_zone="Asia/Tokyo",
        sections=("mobility",),
        hour=time(7, 45),
    ),
    SampleReader(
        name="Siobhán Ó Maolalaí-Iyer",
        address="siobhan@reader.example",
        language="en",
        time_zone="America/St_Johns",
        cadence=Cadence.WEEKLY,
        hour=time(9, 0),
    ),
    SampleReader(
        name="Lúcia Valadão",
        address="lucia@correio.example",
        language="pt-BR",
        time_zone="America/Sao_Paulo",
        sections=("world", "mobility", "science", "culture"),
        hour=time(5, 0),
    ),
)
