"""Settings: one file and the environment, all faults told at once, each with its place, its value and a remedy."""

import os
from datetime import date, time, timedelta
from pathlib import Path

import pytest

from digest import resources
from digest.errors import SettingsError, UnknownNewsletter
from digest.model.newsletter import SourceKind
from digest.model.relay import Conduct, Limits, Mechanism, Profile, Protocol, Relay, Security
from digest.settings import Settings, load
from subscribers.cadence import Cadence

NEWSLETTER = """
[[newsletter]]
slug = "morning"
title = "The Morning"
sender = "The Morning <morning@news.example.org>"
"""
SOURCE = """
[[newsletter.source]]
feed = "https://wire.example/feed.xml"
section = "World"
"""
LEAST = NEWSLETTER + SOURCE

KEY = '[[dkim]]\ndomain = "a.example"\nselector = "s"\nkey_file = "config.toml"\n'

#: What is written wrongly, and what must be told of it: the place and value, and the remedy.
WRONG = [
    ('[site]\nbase_url = "news.example.org"', '[site] base_url "news.example.org"', "such as https://news.example.org"),
    ('[site]\nbase_url = "https://"', '[site] base_url "https://"', "such as https://news.example.org"),
    ('[site]\nbase_url = "https://a.example/?b"', '[site] base_url "https://a.example/?b"', "leave that out"),
    ('[site]\nlisten = "8025"', '[site] listen "8025"', "such as 127.0.0.1:8025"),
    ('[site]\nlisten = "127.0.0.1:99999"', '[site] listen "127.0.0.1:99999"', "such as 127.0.0.1:8025"),
    ('[site]\nlisten = "127.0.0.1:²"', '[site] listen "127.0.0.1:²"', "such as 127.0.0.1:8025"),
    ("[site]\nstate = 3", "[site] state is 3", "give a path in quotes"),
    ("site = 3", "[site] is 3", "write it as a table"),
    ('[sites]\nbase_url = "x"', "[sites] is not a setting", "check the spelling"),
    ('[smtp]\nport = "25s"', '[smtp] port is "25s"', "give a whole number"),
    ("[smtp]\nport = 0", "[smtp] port is 0", "at least 1"),
    ("[smtp]\nport = 65536", "[smtp] port is 65536", "at most 65535"),
    ('[smtp]\nsecurity = "ssl"', '[smtp] security is "ssl"', "'starttls'"),
    ('[smtp]\nverify = "perhaps"', '[smtp] verify is "perhaps"', "give true or false"),
    ("[smtp]\ntimeout_seconds = nan", "[smtp] timeout_seconds is nan", "give a number"),
    ('[smtp]\nhots = "relay.example"', "[smtp] hots is not a setting", "check the spelling"),
    ('[smtp]\npassword_file = "none"', '[smtp] password_file "none"', "name a readable file"),
    ('[smtp]\npassword = "a"\npassword_file = "config.toml"', "[smtp] has both password and password_file", "keep one"),
    ('[[dkim]]\ndomain = "a b"\nselector = "s"\nkey_file = "config.toml"', '[dkim 1] domain "a b"', "news.example.org"),
    (
        '[[dkim]]\ndomain = "müller.example"\nselector = "s"\nkey_file = "config.toml"',
        '[dkim 1] domain "müller.example"',
        "as xn--…",
    ),
    (
        '[[dkim]]\ndomain = "a.example"\nselector = "a b"\nkey_file = "config.toml"',
        '[dkim 1] selector "a b"',
        "such as d202611",
    ),
    (
        '[[dkim]]\ndomain = "a.example"\nselector = "s"\nkey_file = "none.pem"',
        '[dkim 1] key_file "none.pem"',
        "name a readable file",
    ),
    (
        f'{KEY}ed25519_selector = "e"',
        "[dkim 1] has one of ed25519_selector and ed25519_key_file",
        "give both or none",
    ),
    (
        f'{KEY}ed25519_selector = "S"\ned25519_key_file = "config.toml"',
        "[dkim 1] has one selector for both keys",
        "give each its own",
    ),
    (
        KEY + KEY.replace("a.example", "A.example"),
        "[dkim] domain a.example has two tables",
        "keep one",
    ),
    ('[bounces]\ndomain = "b@x"', '[bounces] domain "b@x"', "such as bounce.example.org"),
    ('[bounces]\nimap_host = "mail.example"\nimap_security = "none"', "for another machine", 'use "tls" or "starttls"'),
    ('[bounces]\nimap_password = "a"\nimap_password_file = "config.toml"', "has both imap_password", "keep one"),
    ('[bounces]\nses_topic = "bounces"', '[bounces] ses_topic "bounces"', "such as arn:aws:sns"),
    ('[bounces]\nsendgrid_public_key = "-----"', '[bounces] sendgrid_public_key "-----"', "copy the line"),
    ('[bounces]\npostmark_username = "us"', "needs both postmark_username and postmark_password", "or neither"),
    ('[gather]\nallow_networks = ["10.0.0.0/33"]', '"10.0.0.0/33", which is no network', "such as 10.0.0.0/8"),
    ('[log]\nlevel = "loud"', '[log] level is "loud"', "'warning' or 'error'"),
]
#: The same for settings of a newsletter.
WRONG_IN_NEWSLETTER = [
    ('zone = "Europe/Berlinn"', 'zone "Europe/Berlinn"', "such as Europe/Berlin"),
    ('zone = "../../etc/passwd"', 'zone "../../etc/passwd"', "such as Europe/Berlin"),
    ('at = "25:00"', 'at "25:00"', 'such as "07:00"'),
    ('at = "07:00+02:00"', 'at "07:00+02:00" has a zone of its own', "give the hour alone"),
    ('weekly_day = "caturday"', 'weekly_day "caturday"', "mon, tue, wed"),
    ('cadences = ["weekdays"]', 'cadences 1] is "weekdays"', "give 'daily' or 'weekly'"),
    ("cadences = []", "cadences is []", "at least 1"),
    ('approval = "perhaps"', 'approval is "perhaps"', "'auto' or 'required'"),
    ("minimum_stories = 0", "minimum_stories is 0", "at least 1"),
    ("review_minutes = 1.5", "review_minutes is 1.5", "give a whole number"),
    ("coverage_floor = 50", "coverage_floor is 50", "at most 1"),
    ('look = { accent = "red" }', 'look] accent is "red"', "such as #a4262c"),
    ('look = { theme = "baroque" }', 'look] theme is "baroque"', "'classic', 'compact' or 'magazine'"),
    ('look = { headline_font = "serif;}" }', 'look] headline_font is "serif;}"', "Palatino, serif"),
    ('language = "en-gb"', 'language is "en-gb"', "en-GB"),
    ('language = "english"', 'language is "english"', "such as en"),
    ('language = "xx"', 'language "xx" is no language', 'such as "en"'),
    ('look = { logo = "logo.png" }', 'look] logo is "logo.png"', "give a web address"),
    ('reply_to = "nobody"', 'reply_to "nobody"', "give one such as"),
    ('editors = ["a@example.org", "b@"]', 'editors 2] "b@"', "give one such as"),
    ('templates = "none"', 'templates "none" is no folder', "make it"),
    ("weights = { coverage = -1 }", "weights] coverage is -1", "at least 0"),
    ("weights = { half_life_hours = 0 }", "weights] half_life_hours is 0", "above 0"),
    ("colour = 1", "colour is not a setting", "check the spelling"),
]


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("DIGEST__")]:
        monkeypatch.delenv(name)


def written(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def loaded(folder: Path, text: str = LEAST) -> Settings:
    return load(written(folder, text))


def faults_of(folder: Path, text: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        loaded(folder, text)
    return caught.value.faults


# -- faults ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "place", "remedy"), WRONG, ids=[text.replace("\n", " ") for text, _, _ in WRONG])
def test_a_fault_tells_its_place_its_value_and_a_remedy(tmp_path: Path, text: str, place: str, remedy: str) -> None:
    faults = faults_of(tmp_path, f"{text}\n{LEAST}")

    assert len(faults) == 1
    assert faults[0].startswith("config.toml: [")
    assert place in faults[0]
    assert remedy in faults[0].replace(place, "")


@pytest.mark.parametrize(
    ("line", "place", "remedy"), WRONG_IN_NEWSLETTER, ids=[line for line, _, _ in WRONG_IN_NEWSLETTER]
)
def test_a_fault_of_a_newsletter_tells_which_newsletter(tmp_path: Path, line: str, place: str, remedy: str) -> None:
    faults = faults_of(tmp_path, f"{LEAST}{NEWSLETTER.replace('morning', 'evening')}{line}\n{SOURCE}")

    assert len(faults) == 1
    assert faults[0].startswith("config.toml: [newsletter 2")
    assert place in faults[0]
    assert remedy in faults[0].replace(place, "")


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ('section = "World"', "needs exactly one of feed, sitemap, page and folder"),
        (
            'section = "World"\nfeed = "https://a.example"\nfolder = "."',
            "needs exactly one of feed, sitemap, page and folder",
        ),
        (
            'section = "World"\npage = "https://a.example"\nselectors = { links = "a[" }',
            'links "a[" is no CSS selector',
        ),
        ('section = "World"\nfeed = "wire.example/feed"', 'feed "wire.example/feed" is no web address'),
        ('section = "World"\nfeed = "https://[::1/"', 'feed "https://[::1/" is no web address'),
        ('section = "World"\nfolder = "none"', 'folder "none" is no folder'),
        ('feed = "https://a.example"', "section is missing; add it"),
        ('section = ""\nfeed = "https://a.example"', 'section is ""; it must not be empty'),
        ('section = "World"\nfeed = "https://a.example"\nweight = 0', "weight is 0; give a number above 0"),
    ],
)
def test_a_fault_of_a_source_tells_which_source(tmp_path: Path, lines: str, words: str) -> None:
    faults = faults_of(tmp_path, f"{LEAST}[[newsletter.source]]\n{lines}\n")

    assert len(faults) == 1
    assert faults[0].startswith("config.toml: [newsletter 1, source 2")
    assert words in faults[0]


def test_all_faults_are_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIGEST__SMTP__TIMEOUT_SECONDS", "soon")
    monkeypatch.setenv("DIGEST__STMP__PORT", "25")
    text = f"""
    [smtp]
    port = "25s"
    password_file = "none"
    {NEWSLETTER.replace('"The Morning"', '""')}
    templates = "none"
    {SOURCE}{SOURCE}
    [[newsletter.source]]
    folder = "nowhere"
    section = "World"
    {LEAST}
    """

    faults = faults_of(tmp_path, text)

    told = [
        "DIGEST__STMP__PORT is not a setting",
        "[smtp] port",
        "[smtp] password_file",
        'DIGEST__SMTP__TIMEOUT_SECONDS is "soon"',
        "[newsletter 1] title",
        "[newsletter 1] templates",
        "[newsletter 1, source 3] folder",
        'slug "morning" is used twice',
        "lists the source https://wire.example/feed.xml twice",
    ]
    assert len(faults) == len(told)
    assert all(any(words in fault for fault in faults) for words in told)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "config.toml: [newsletter] is missing; add it"),
        ("newsletter = []", "config.toml: [newsletter] is []; give at least 1"),
        ('newsletter = "morning"', 'config.toml: [newsletter] is "morning"; write it as a list'),
        ("newsletter = [7]", "config.toml: [newsletter 1] is 7; write it as a table"),
        (NEWSLETTER, "config.toml: [newsletter 1] source is missing; add it"),
        ("[smtp\nport = 25", "config.toml: is not valid TOML"),
    ],
)
def test_a_file_that_is_no_newspaper_says_what_it_lacks(tmp_path: Path, text: str, words: str) -> None:
    assert faults_of(tmp_path, text)[0].startswith(words)


def test_a_file_that_is_not_there_or_no_text_says_so(tmp_path: Path) -> None:
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(SettingsError, match="does not exist; make one with `digest init DIR`"):
        load(tmp_path / "none.toml")
    with pytest.raises(SettingsError, match="cannot be read"):
        load(tmp_path)
    with pytest.raises(SettingsError, match="is not valid TOML"):
        load(tmp_path / "binary.toml")


def test_two_sections_of_one_name_are_refused(tmp_path: Path) -> None:
    section = '[[newsletter.section]]\ntitle = "World Affairs"\n'

    assert 'two sections with the slug "world-affairs"' in faults_of(tmp_path, LEAST + section + section)[0]


@pytest.mark.parametrize("setting", ["title", "sender"])
def test_what_stands_in_a_mail_header_is_one_line(tmp_path: Path, setting: str) -> None:
    text = LEAST.replace("The Morning", "The Morning\\nBcc: all@example.org") if setting == "sender" else LEAST
    text = text if setting == "sender" else LEAST.replace('title = "The Morning"', 'title = "The\\u0000Morning"')

    assert any(f"{setting} " in fault and "write it on one line" in fault for fault in faults_of(tmp_path, text))


# -- secrets -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        '[smtp]\npassword = ["hunter2"]',
        '[smtp]\npassword = { value = "hunter2" }',
        '[database]\nurl = "mysql://digest:hunter2@db.example/digest"',
        '[database]\nurl = ["postgresql://digest:hunter2@db.example/digest"]',
        '[smtp]\npassword = "hunter2"\npassword_file = "none"',
    ],
)
def test_a_fault_never_shows_a_secret(tmp_path: Path, text: str) -> None:
    faults = faults_of(tmp_path, f"{text}\n{LEAST}")

    assert faults
    assert "hunter2" not in "".join(faults)


def test_the_password_is_hidden_where_settings_are_shown(tmp_path: Path) -> None:
    settings = loaded(tmp_path, f'[smtp]\npassword = "hunter2"\n{LEAST}')

    assert settings.relays[0].secret == "hunter2"
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in str(settings.relays[0])


def test_the_password_may_stand_in_a_file_beside_the_config(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hunter2\n", encoding="utf-8")

    settings = loaded(tmp_path, f'[smtp]\npassword_file = "secret"\n{LEAST}')

    assert settings.relays[0].secret == "hunter2"


def test_a_password_file_that_is_no_text_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"\xff\xfe\x00")

    assert (
        "it holds no text; name a readable file" in faults_of(tmp_path, f'[smtp]\npassword_file = "secret"\n{LEAST}')[0]
    )


def test_a_list_of_refused_domains_is_read_however_such_lists_are_written(tmp_path: Path) -> None:
    lines = "\ufeffThrow.Example\r\n# a comment\r\n\r\nb\u00fccher.example # beside it\n"
    lines += "*.stars.example\n@at.example\n.dot.example\ntld\n"
    (tmp_path / "refused").write_bytes(lines.encode())

    settings = loaded(tmp_path, f'[readers]\nrefused_domains = "refused"\n{LEAST}')

    names = ("throw.example", "xn--bcher-kva.example", "stars.example", "at.example", "dot.example", "tld")
    assert settings.admission.refused_domains == frozenset(names)


@pytest.mark.parametrize("line", ["// a comment", '["a.example", "b.example"]', "ana@reader.example", "a.example b"])
def test_a_line_that_would_refuse_nobody_is_a_fault(tmp_path: Path, line: str) -> None:
    (tmp_path / "refused").write_text(f"throw.example\n{line}\n", encoding="utf-8")

    (fault,) = faults_of(tmp_path, f'[readers]\nrefused_domains = "refused"\n{LEAST}')

    assert fault.startswith(
        'config.toml: [readers] refused_domains "refused" has no domain in line 2; give one such as'
    )


# -- the environment ---------------------------------------------------------------------------------------------------


def test_the_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIGEST__SMTP__PORT", "2526")
    monkeypatch.setenv("DIGEST__SMTP__PASSWORD", "hunter2")
    monkeypatch.setenv("DIGEST__DATABASE__URL", "sqlite:///elsewhere.db")
    monkeypatch.setenv("DIGEST__SITE__BASE_URL", "https://news.example.org/")
    monkeypatch.setenv("DIGEST__GATHER__ALLOW_NETWORKS", "10.0.0.0/8, 192.168.0.0/16")

    settings = loaded(tmp_path, f'[smtp]\nport = 25\nhost = "relay.example"\nsecurity = "tls"\n{LEAST}')

    assert (settings.relays[0].host, settings.relays[0].port, settings.relays[0].secret) == (
        "relay.example",
        2526,
        "hunter2",
    )
    assert settings.relays[0].security is Security.TLS
    assert settings.database_url == f"sqlite:///{tmp_path}/elsewhere.db"
    assert settings.base_url == "https://news.example.org"
    assert [str(network) for network in settings.allow_networks] == ["10.0.0.0/8", "192.168.0.0/16"]


def test_a_password_of_the_environment_wins_over_a_password_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIGEST__SMTP__PASSWORD", "hunter2")

    settings = loaded(tmp_path, f'[smtp]\npassword_file = "missing"\n{LEAST}')

    assert settings.relays[0].secret == "hunter2"


def test_a_password_file_of_the_environment_wins_over_a_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_text("hunter2", encoding="utf-8")
    monkeypatch.setenv("DIGEST__SMTP__PASSWORD_FILE", "secret")

    settings = loaded(tmp_path, f'[smtp]\npassword = "old"\n{LEAST}')

    assert settings.relays[0].secret == "hunter2"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("DIGEST__SMTP__PORT", "soon", 'environment: DIGEST__SMTP__PORT is "soon"; give a whole number'),
        ("DIGEST__SMTP__PROT", "25", "environment: DIGEST__SMTP__PROT is not a setting"),
        ("DIGEST__STMP__PORT", "25", "environment: DIGEST__STMP__PORT is not a setting"),
        ("DIGEST__SMTP", "relay.example", "environment: DIGEST__SMTP is not a setting"),
        ("DIGEST__NEWSLETTER", "[]", "environment: DIGEST__NEWSLETTER is not a setting"),
        ("DIGEST__GATHER__ALLOW_NETWORKS", "home", 'holds "home", which is no network'),
    ],
)
def test_a_mistyped_variable_is_told_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(name, value)

    assert words in faults_of(tmp_path, LEAST)[0]


def test_variables_of_other_programs_are_none_of_our_business(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIGEST_CONFIG", "elsewhere.toml")
    monkeypatch.setenv("SMTP__PORT", "soon")

    assert loaded(tmp_path).relays[0].port == 587


# -- what comes of it --------------------------------------------------------------------------------------------------


def test_the_defaults_are_those_of_the_page(tmp_path: Path) -> None:
    settings = loaded(tmp_path)
    newsletter = settings.newsletter("morning")

    assert (settings.base_url, settings.host, settings.port) == ("http://127.0.0.1:8025", "127.0.0.1", 8025)
    assert settings.database_url == f"sqlite:///{tmp_path}/var/digest.db"
    assert newsletter.schedule.at == time(7)
    assert newsletter.schedule.cadences == (Cadence.DAILY,)
    assert newsletter.schedule.review == timedelta(hours=1)
    assert newsletter.schedule.catch_up(Cadence.DAILY) == timedelta(hours=6)
    assert newsletter.schedule.catch_up(Cadence.WEEKLY) == timedelta(hours=48)
    assert (newsletter.minimum_stories, newsletter.coverage_floor, newsletter.max_age) == (3, 0.5, timedelta(days=7))


def test_the_example_runs_as_it_is(tmp_path: Path) -> None:
    settings = loaded(tmp_path, resources.example_config())

    assert [newsletter.slug for newsletter in settings.newsletters] == ["morning"]


def test_paths_begin_at_the_folder_of_the_file_wherever_we_stand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "etc"
    (home / "news").mkdir(parents=True)
    (home / "own").mkdir()
    written(
        home,
        f'[site]\nstate = "../var"\n{NEWSLETTER}templates = "own"\n{SOURCE}'
        '[[newsletter.source]]\nfolder = "./news/"\nsection = "Local"',
    )
    monkeypatch.chdir(tmp_path)

    settings = load(Path("etc/config.toml"))

    newsletter = settings.newsletters[0]
    assert settings.state.resolve() == tmp_path / "var"
    assert newsletter.templates == home / "own"
    assert newsletter.sources[1].address == str(home / "news")
    assert [source.kind for source in newsletter.sources] == [SourceKind.FEED, SourceKind.FOLDER]


def test_sections_stand_as_listed_and_then_as_sources_name_them(tmp_path: Path) -> None:
    listed = '[[newsletter.section]]\ntitle = "Science"\nslug = "sci"\nstories = 2\n'
    sources = "".join(
        f'[[newsletter.source]]\nfeed = "https://{n}.example/"\nsection = "{section}"\n'
        for n, section in enumerate(["Côte d'Azur", "science", "sci", "World", "日本"])
    )

    newsletter = loaded(tmp_path, NEWSLETTER + listed + sources).newsletters[0]

    assert [section.slug for section in newsletter.sections] == ["sci", "cote-d-azur", "world", "section-65e5-672c"]
    assert [section.stories for section in newsletter.sections] == [2, 6, 6, 6]
    assert [source.section for source in newsletter.sources] == [
        "cote-d-azur",
        "sci",
        "sci",
        "world",
        "section-65e5-672c",
    ]


def test_each_cadence_counts_once(tmp_path: Path) -> None:
    newsletter = loaded(tmp_path, f'{NEWSLETTER}cadences = ["weekly", "daily", "weekly"]\n{SOURCE}').newsletters[0]

    assert newsletter.schedule.cadences == (Cadence.WEEKLY, Cadence.DAILY)


def test_a_name_of_the_sender_is_the_newsletters_title_unless_it_has_one(tmp_path: Path) -> None:
    named = loaded(tmp_path).newsletters[0].sender
    bare = (
        loaded(tmp_path, LEAST.replace("The Morning <morning@news.example.org>", "m@news.example.org"))
        .newsletters[0]
        .sender
    )

    assert (named.name, named.address) == ("The Morning", "morning@news.example.org")
    assert (bare.name, bare.address, bare.domain) == ("The Morning", "m@news.example.org", "news.example.org")


def test_a_language_is_kept_for_the_newsletter_and_for_each_source(tmp_path: Path) -> None:
    newsletter = loaded(tmp_path, f'{NEWSLETTER}language = "de"\n{SOURCE}language = "nl"').newsletters[0]

    assert (newsletter.language, newsletter.sources[0].language) == ("de", "nl")


def test_an_unknown_newsletter_is_told_with_those_that_exist(tmp_path: Path) -> None:
    with pytest.raises(UnknownNewsletter, match=r'no newsletter "evening"; config\.toml defines: morning'):
        loaded(tmp_path).newsletter("evening")


@pytest.mark.parametrize(
    ("base_url", "is_local"),
    [
        ("http://127.0.0.1:8025", True),
        ("http://localhost", True),
        ("http://[::1]:80", True),
        ("https://news.example.org", False),
        ("https://localhost.example.org", False),
    ],
)
def test_only_pages_of_this_machine_take_addresses_that_lead_nowhere(
    tmp_path: Path, base_url: str, is_local: bool
) -> None:
    assert loaded(tmp_path, f'[site]\nbase_url = "{base_url}"\n{LEAST}').is_local is is_local


def test_a_source_may_be_a_page_with_selectors_labels_and_its_articles_read_in_full(tmp_path: Path) -> None:
    text = (
        LEAST
        + """[[newsletter.source]]
    page = "https://harbour.example/news"
    section = "World"
    labels = { "Markets" = "Business", "Ferries" = "World" }
    full_text = true
    selectors = { links = "h2 a", remove = ".share" }
    """
    )

    newsletter = loaded(tmp_path, text).newsletters[0]

    plan = newsletter.sources[-1]
    assert (plan.address, plan.kind, plan.full_text) == ("https://harbour.example/news", SourceKind.PAGE, True)
    assert plan.labels == {"markets": "business", "ferries": "world"}
    assert (plan.selectors.links, plan.selectors.remove, plan.selectors.body) == ("h2 a", ".share", "")
    assert "business" in {section.slug for section in newsletter.sections}


# -- sending -----------------------------------------------------------------------------------------------------------

RELAY = '[[relay]]\nname = "backup"\nhost = "backup.example"\n'


def test_a_relay_has_all_that_is_said_of_it(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hunter2\n", encoding="utf-8")
    text = f"""
    [[relay]]
    name = "backup"
    host = "backup.example"
    port = 465
    profile = "postmark"
    protocol = "smtp"
    security = "tls"
    username = "us"
    password_file = "secret"
    auth = "xoauth2"
    verify = false
    pipelining = "eager"
    timeout_seconds = 30
    connections = 3
    per_connection = 7
    per_minute = 600
    per_day = 5000
    warmup = 2026-11-23
    weight = 2.5
    {LEAST}"""

    (relay,) = loaded(tmp_path, text).relays

    assert relay == Relay(
        name="backup",
        host="backup.example",
        port=465,
        profile=Profile.POSTMARK,
        protocol=Protocol.SMTP,
        security=Security.TLS,
        username="us",
        password_file=tmp_path / "secret",
        mechanism=Mechanism.XOAUTH2,
        verify=False,
        conduct=Conduct.EAGER,
        timeout=timedelta(seconds=30),
        connections=3,
        per_connection=7,
        weight=2.5,
        limits=Limits(rate=10.0, burst=10, per_day=5000, warmup=date(2026, 11, 23)),
    )
    assert relay.secret == "hunter2"


def test_without_any_server_named_there_is_one_by_the_defaults(tmp_path: Path) -> None:
    settings = loaded(tmp_path)

    assert settings.relays == (Relay(name="main", host="localhost", port=587),)
    assert settings.relays[0].limits.is_none
    assert (settings.resends_doubt, settings.policy_share, settings.domains) == (False, 0.1, {})
    assert (settings.newsletters[0].relays, settings.newsletters[0].spread) == ((), timedelta(0))


@pytest.mark.parametrize(
    ("text", "names"),
    [(RELAY, ["backup"]), (f'[smtp]\nhost = "relay.example"\n{RELAY}', ["main", "backup"]), ("[smtp]\n", ["main"])],
    ids=["only relays", "both", "only smtp"],
)
def test_the_servers_are_those_that_are_named(tmp_path: Path, text: str, names: list[str]) -> None:
    assert [relay.name for relay in loaded(tmp_path, f"{text}{LEAST}").relays] == names


def test_domains_and_sending_have_what_is_said_of_them(tmp_path: Path) -> None:
    text = f"""
    [sending]
    in_doubt = "resend"
    policy_percent = 2.5
    [[domain]]
    name = "Mail.Example"
    per_minute = 30
    [[domain]]
    name = "other.example"
    per_day = 10
    {LEAST}"""

    settings = loaded(tmp_path, text)

    assert settings.resends_doubt
    assert settings.policy_share == 0.025
    assert settings.domains == {
        "mail.example": Limits(rate=0.5, burst=1),
        "other.example": Limits(per_day=10),
    }


def test_a_newsletter_may_name_its_servers_and_spread_its_delivery(tmp_path: Path) -> None:
    more = 'relays = ["backup", "main"]\nspread_minutes = 20\n'

    settings = loaded(tmp_path, f'[smtp]\nhost = "a.example"\n{RELAY}{NEWSLETTER}{more}{SOURCE}')

    assert settings.newsletters[0].relays == ("backup", "main")
    assert settings.newsletters[0].spread == timedelta(minutes=20)


@pytest.mark.parametrize(
    ("text", "place", "remedy"),
    [
        (RELAY * 2, '[[relay]] name "backup" stands twice', "give each its own"),
        ('[smtp]\n[[relay]]\nname = "main"\n', '[[relay]] name "main" stands twice', '"main" is [smtp]'),
        ('[[relay]]\nhost = "a.example"\n', "[relay 1] name is missing", "add it"),
        ('[[relay]]\nname = "Not A Slug"\n', '[relay 1] name is "Not A Slug"', ""),
        (f"{RELAY}connections = 0\n", "[relay 1] connections is 0", "at least 1"),
        (f"{RELAY}per_minute = 0\n", "[relay 1] per_minute is 0", "above 0"),
        (f"{RELAY}per_day = 0\n", "[relay 1] per_day is 0", "at least 1"),
        (f'{RELAY}warmup = "soon"\n', '[relay 1] warmup is "soon"', ""),
        (f"{RELAY}weight = 0\n", "[relay 1] weight is 0", "above 0"),
        (f"{RELAY}colour = 1\n", "[relay 1] colour is not a setting", "check the spelling"),
        (f'{RELAY}profile = "pigeon"\n', '[relay 1] profile is "pigeon"', "'postmark'"),
        (f'{RELAY}password = "a"\npassword_file = "config.toml"\n', "[relay 1] has both password", "keep one"),
        ("[[domain]]\nper_minute = 1\n", "[domain 1] name is missing", "add it"),
        ('[[domain]]\nname = "a.example"\nper_minute = -1\n', "[domain 1] per_minute is -1", "above 0"),
        ('[sending]\nin_doubt = "ask"\n', '[sending] in_doubt is "ask"', "'resend'"),
        ("[sending]\npolicy_percent = 101\n", "[sending] policy_percent is 101", "at most 100"),
    ],
)
def test_a_fault_of_sending_tells_its_place_and_a_remedy(tmp_path: Path, text: str, place: str, remedy: str) -> None:
    (fault,) = faults_of(tmp_path, f"{text}{LEAST}")

    assert fault.startswith("config.toml: ")
    assert place in fault
    assert remedy in fault


def test_two_limits_of_one_domain_are_refused(tmp_path: Path) -> None:
    domains = '[[domain]]\nname = "a.example"\nper_day = 1\n[[domain]]\nname = "A.example"\nper_day = 2\n'

    (fault,) = faults_of(tmp_path, f"{domains}{LEAST}")

    assert fault == "config.toml: [domain] name a.example has two tables; keep one, with all its limits"


def test_a_newsletter_that_names_an_unknown_server_is_told_which_there_are(tmp_path: Path) -> None:
    text = f'[smtp]\n{RELAY}{NEWSLETTER}relays = ["bakcup"]\n{SOURCE}'

    (fault,) = faults_of(tmp_path, text)

    assert fault == 'config.toml: newsletter "morning": relays names "bakcup"; there are: main, backup'


def test_the_password_of_a_relay_is_never_shown(tmp_path: Path) -> None:
    settings = loaded(tmp_path, f'{RELAY}password = "hunter2"\n{LEAST}')
    told = [
        *faults_of(tmp_path, f'{RELAY}password = ["hunter2"]\n{LEAST}'),
        *faults_of(tmp_path, f'{RELAY}password = "hunter2"\npassword_file = "none"\n{LEAST}'),
        *faults_of(tmp_path, f'{RELAY}password = "hunter2"\nport = "x"\n{LEAST}'),
        repr(settings),
        str(settings.relays[0]),
    ]

    assert settings.relays[0].secret == "hunter2"
    assert "hunter2" not in "".join(told)


def test_the_environment_wins_over_the_file_for_smtp_where_there_are_relays_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIGEST__SMTP__HOST", "env.example")
    monkeypatch.setenv("DIGEST__SENDING__IN_DOUBT", "resend")

    settings = loaded(tmp_path, f"{RELAY}{LEAST}")

    assert [(relay.name, relay.host) for relay in settings.relays] == [
        ("main", "env.example"),
        ("backup", "backup.example"),
    ]
    assert settings.resends_doubt
