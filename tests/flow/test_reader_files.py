"""Readers go in and out by files, from the command line."""

import csv
import gzip
import io
import os
import zipfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import func, select

from digest.cli import wired
from digest.database import Database
from digest.model.notice import Notice
from subscribers import export_csv
from subscribers.import_csv import FIELDS
from tests.factories import config_text
from tests.fakes import FixedClock
from tests.flow.console import Ran, run

Command = Callable[..., Ran]
GROUND = ("--ground", "by letter, 3 May")
ADDED = ("subscriber", "add", "morning", "ana@reader.example", "--consent", "asked", "--name", "=Ana")


@pytest.fixture
def digest(monkeypatch: pytest.MonkeyPatch, clock: FixedClock, sqlite_url: str, tmp_path: Path) -> Command:
    (tmp_path / "news").mkdir()
    config = tmp_path / "config.toml"
    config.write_text(config_text(database_url=sqlite_url), encoding="utf-8")
    monkeypatch.setenv("DIGEST_CONFIG", str(config))
    monkeypatch.setattr(wired, "SystemClock", lambda: clock)
    return run


def test_readers_are_exported_to_a_file_or_to_standard_output(digest: Command, tmp_path: Path) -> None:
    digest(*ADDED)
    out = tmp_path / "out.csv"

    shown, written = digest("subscriber", "export", "morning"), digest("subscriber", "export", "morning", "--out", out)
    paused = digest("subscriber", "export", "morning", "--state", "paused")

    assert (shown.code, written.code, written.out) == (0, 0, "")
    assert "1 rows written" in written.err
    assert shown.out.splitlines() == out.read_text(encoding="utf-8").splitlines()
    assert "ana@reader.example,'=Ana," in shown.out
    assert len(paused.out.splitlines()) == 1
    assert out.stat().st_mode & 0o077 == 0


def test_the_page_on_readers_names_every_column_that_goes_out_and_every_field_that_comes_in() -> None:
    page = (Path(__file__).parents[2] / "docs" / "readers.md").read_text(encoding="utf-8")

    named = {*export_csv.READERS, *export_csv.LEDGER, *export_csv.SUPPRESSIONS, *FIELDS}

    assert {name for name in named if f"`{name}`" not in page} == set()


def test_an_export_that_cannot_be_written_says_so(digest: Command, tmp_path: Path) -> None:
    ran = digest("subscriber", "export", "morning", "--out", tmp_path / "none" / "out.csv")

    assert ran.code == 1
    assert "cannot be written" in ran.err


def test_the_ledger_is_written_as_csv_or_json_lines(digest: Command) -> None:
    digest(*ADDED)

    assert [row["kind"] for row in csv.DictReader(digest("subscriber", "ledger").out.splitlines())] == ["added"]
    assert digest("subscriber", "ledger", "morning", "--json").lines[0]["wording"] == "asked"


def test_an_address_is_suppressed_and_lifted_by_hand(digest: Command) -> None:
    none = digest("subscriber", "lift", "ana@reader.example", *GROUND)
    held = digest("subscriber", "suppress", "ana@reader.example", "--reason-note", "wrote to us", "--json")
    counts, all_ = digest("subscriber", "suppressions", "--json"), digest("subscriber", "suppressions", "--out", "-")
    refused = digest(*ADDED)
    lifted = digest("subscriber", "lift", "ANA@reader.example", *GROUND, "--json")

    assert (none.code, refused.code) == (1, 1)
    assert (held.json, counts.json, lifted.json) == ({"reason": "operator"}, {"operator": 1}, {"lifted": "operator"})
    assert "wrote to us" in all_.out
    assert "ana@" not in all_.out
    assert "No address" in digest("subscriber", "suppressions").out


@pytest.mark.parametrize("ground", [(), ("--ground", " "), ("--ground", "Ana@reader.example wrote to us")])
def test_nothing_is_lifted_without_a_ground_or_on_one_that_names_the_address(
    digest: Command, ground: tuple[str, ...]
) -> None:
    digest("subscriber", "suppress", "ana@reader.example")

    ran = digest("subscriber", "lift", "ana@reader.example", *ground)

    assert ran.code in {1, 2}
    assert "ground" in ran.err
    assert digest("subscriber", "suppressions", "--json").json == {"operator": 1}
    assert digest("staff", "audit", "--json").json == []


def test_what_was_lifted_stands_in_the_audit_trail_without_the_address(digest: Command) -> None:
    digest("subscriber", "suppress", "ana@reader.example")
    (suppressed,) = csv.DictReader(digest("subscriber", "suppressions", "--out", "-").out.splitlines())

    digest("subscriber", "lift", "ana@reader.example", *GROUND)

    trail = digest("staff", "audit", "--json")
    (entry,) = trail.json
    assert (entry["by"], entry["act"], entry["about"]) == (
        "command line",
        "lift suppression",
        suppressed["fingerprint"],
    )
    assert entry["detail"] == "operator; by letter, 3 May"
    assert "ana@" not in trail.out


def test_every_refusal_is_written_down(digest: Command, tmp_path: Path) -> None:
    file, refusals = tmp_path / "readers.csv", tmp_path / "refusals.csv"
    file.write_text("Post,status\nana@reader.example,\n" + "rubbish,\n" * 1200 + "b@b.example,left\n", encoding="utf-8")
    words = ["subscriber", "import", "morning", file, "--consent", "asked", "--map", "Post=address"]

    ran = digest(*words, "--refusals", refusals)

    rows = list(csv.reader(refusals.read_text(encoding="utf-8").splitlines()))
    assert ran.code == 0
    assert rows[0] == ["line", "reason", "fact", "Post", "status"]
    assert len(rows) == 1202
    assert "all are in the file of --refusals" in ran.err
    assert "--refusals FILE writes" not in ran.err
    assert rows[-1][:2] == ["1203", "left elsewhere"]
    assert rows[-1][3:] == ["b@b.example", "left"]
    assert refusals.stat().st_mode & 0o077 == 0
    assert "201 more" in ran.err
    assert "Read as: table" in ran.out
    assert digest(*words, "--refusals", tmp_path / "none" / "x.csv").code == 1


def test_refused_rows_are_mended_and_imported_again(digest: Command, tmp_path: Path) -> None:
    file, refusals = tmp_path / "readers.csv", tmp_path / "refusals.csv"
    file.write_text(
        "email;name;hour\n'+ana@reader.example;'=Ana;25\nben@reader.example;Ben;7\nopen;\"\ntoo;few\n",
        encoding="utf-8",
    )
    words = ("subscriber", "import", "morning", file, "--consent", "asked")

    first = digest(*words, "--refusals", refusals)
    text = refusals.read_text(encoding="utf-8")
    again = digest(*words[:3], refusals, *words[4:], "--refusals", tmp_path / "more.csv", "--json")
    refusals.write_text(text.replace(",25", ",05:25"), encoding="utf-8")
    mended = digest(*words[:3], refusals, *words[4:], "--json")

    assert "Added 1" in first.out
    assert [row[0] for row in csv.reader(text.splitlines())] == ["line", "2", "4", "5"]
    assert again.json["added"] == 0
    assert (mended.json["added"], mended.json["ignored_columns"]) == (1, ["line", "reason", "fact"])
    assert "'+ana@reader.example,'=Ana," in digest("subscriber", "export", "morning").out


def test_the_refusals_never_take_the_place_of_the_list_itself(digest: Command, tmp_path: Path) -> None:
    file = tmp_path / "readers.csv"
    file.write_text("email\nrubbish\n", encoding="utf-8")
    (tmp_path / "link.csv").symlink_to(file)

    ran = digest("subscriber", "import", "morning", file, "--consent", "asked", "--refusals", tmp_path / "link.csv")

    assert ran.code == 1
    assert "the very list" in ran.err
    assert file.read_text(encoding="utf-8") == "email\nrubbish\n"


def test_nor_that_of_a_list_that_is_led_into_the_command(digest: Command, tmp_path: Path) -> None:
    file = tmp_path / "readers.csv"
    file.write_text("email\nrubbish\n", encoding="utf-8")

    with file.open(encoding="utf-8") as led:
        ran = digest("subscriber", "import", "morning", "-", "--consent", "asked", "--refusals", file, typed=led)

    assert ran.code == 1
    assert "the very list" in ran.err
    assert file.read_text(encoding="utf-8") == "email\nrubbish\n"


@pytest.mark.parametrize("name", ["x" * 300, "none/x.csv"])
def test_refusals_that_cannot_be_written_are_told_before_anybody_comes_in(
    digest: Command, tmp_path: Path, name: str
) -> None:
    file = tmp_path / "readers.csv"
    file.write_text("email\nana@reader.example\n", encoding="utf-8")

    ran = digest("subscriber", "import", "morning", file, "--consent", "asked", "--refusals", tmp_path / name)

    assert ran.code == 1
    assert "cannot be written" in ran.err
    assert "ana@" not in digest("subscriber", "export", "morning").out


def test_a_file_may_have_a_long_name_in_any_script(digest: Command, tmp_path: Path) -> None:
    digest(*ADDED)
    out = tmp_path / ("\u8aad" * 80 + ".csv")

    ran = digest("subscriber", "export", "morning", "--out", out)

    assert ran.code == 0, ran.err
    assert "ana@reader.example" in out.read_text(encoding="utf-8")


def test_a_heading_is_no_formula_in_the_refusals_either_and_means_the_same_there(
    digest: Command, tmp_path: Path
) -> None:
    file, refusals = tmp_path / "readers.csv", tmp_path / "refusals.csv"
    file.write_text("=post,email\n7,rubbish\n", encoding="utf-8")
    words = ("subscriber", "import", "morning", "--consent", "asked", "--map", "=post=hour")

    digest(*words, file, "--refusals", refusals)
    again = digest(*words, refusals)

    assert refusals.read_text(encoding="utf-8").splitlines()[0] == "line,reason,fact,'=post,email"
    assert "bad address" in again.err


def test_a_closed_standard_input_is_told(digest: Command) -> None:
    ran = digest("subscriber", "import", "morning", "-", "--consent", "asked", typed=None)

    assert ran.code == 1
    assert "standard input" in ran.err


def test_the_ground_of_an_import_never_holds_an_address(digest: Command, tmp_path: Path) -> None:
    file = tmp_path / "readers.csv"
    file.write_text("email\nana@reader.example\n", encoding="utf-8")

    ran = digest("subscriber", "import", "morning", file, "--consent", "list of Ana@reader.example")

    assert ran.code != 0
    assert "holds an address" in ran.err


def test_a_list_may_be_piped_in_and_a_pipe_gets_no_progress(digest: Command, tmp_path: Path) -> None:
    refusals = tmp_path / "refusals.csv"
    words = ("subscriber", "import", "morning", "-", "--consent", "asked", "--refusals", refusals)

    ran = digest(*words, typed="email\nana@reader.example\nrubbish\n")

    assert ran.out.startswith("Added 1, 0 unchanged; refused: 1 bad address")
    assert ran.err.splitlines() == [
        "line 3: bad address: The address has no @-sign; give it whole, such as name@mail.example."
    ]
    assert refusals.read_text(encoding="utf-8").splitlines()[1].endswith(",rubbish")


def test_a_pipe_that_cannot_be_read_twice_is_copied_first(digest: Command, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = Thread(target=pipe.write_text, args=("email\nana@reader.example\n",), daemon=True)
    writer.start()

    ran = digest("subscriber", "import", "morning", pipe, "--consent", "asked", "--json")

    writer.join(timeout=10)
    assert ran.json["added"] == 1


def zipped(*names: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in names:
            archive.writestr(name, "email\nana@reader.example\n")
    return packed.getvalue()


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (gzip.compress(b"email\nana@reader.example\n"), "packed by gzip; unpack it first"),
        (zipped("subscribed_x.csv", "cleaned_x.csv"), "zip archive (subscribed_x.csv, cleaned_x.csv); unpack it"),
        (zipped("[Content_Types].xml", "xl/workbook.xml"), "a spreadsheet; save it as CSV"),
        (zipped("mimetype", "content.xml"), "a spreadsheet; save it as CSV"),
        (b"PK\x03\x04 half", "is a zip archive; unpack it"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a spreadsheet; save it as CSV"),
    ],
    ids=["gzip", "zip", "xlsx", "ods", "half a zip", "xls"],
)
def test_a_file_that_is_no_text_is_told_with_its_remedy(
    digest: Command, tmp_path: Path, data: bytes, told: str
) -> None:
    file = tmp_path / "readers.csv"
    file.write_bytes(data)

    ran = digest("subscriber", "import", "morning", file, "--consent", "asked")

    assert ran.code == 1
    assert told in ran.err


def test_a_folder_or_no_file_is_told_by_name(digest: Command, tmp_path: Path) -> None:
    for file in (tmp_path, tmp_path / "none.csv"):
        ran = digest("subscriber", "import", "morning", file, "--consent", "asked")

        assert ran.code == 1
        assert f"{file} cannot be read" in ran.err


def test_people_who_never_agreed_are_not_taken_for_readers(digest: Command, tmp_path: Path) -> None:
    file = tmp_path / "nonsubscribed_email_audience_export_1a.csv"
    file.write_text("Email Address,MEMBER_RATING,LEID\nana@reader.example,2,1\n", encoding="utf-8")

    refused = digest("subscriber", "import", "morning", file, "--consent", "asked")
    left = digest("subscriber", "import", "morning", file, "--left", "--json")

    assert (refused.code, left.code) == (1, 0)  # to keep people out is what a list of the gone is for
    assert "never agreed" in refused.err
    assert left.json["counts"] == {"left elsewhere": 1}


def test_a_list_of_people_who_left_keeps_them_out_of_the_next_list(digest: Command, tmp_path: Path) -> None:
    heading = "uuid,email,name,attributes,status,created_at,updated_at\n"
    rows = [f"{n},r{n}@reader.example,,{{}},enabled,2024-03-01 10:00:00Z,2024-03-02 10:00:00Z\n" for n in range(3)]
    gone, everybody = tmp_path / "unsubscribed.csv", tmp_path / "subscribers.csv"
    gone.write_text(heading + rows[1], encoding="utf-8")
    everybody.write_text(heading + "".join(rows), encoding="utf-8")

    left = digest("subscriber", "import", "morning", gone, "--left")
    taken = digest("subscriber", "import", "morning", everybody, "--consent", "asked")

    assert (left.code, left.out) == (0, "Added 0, 0 unchanged; refused: 1 left elsewhere. Read as: listmonk.\n")
    assert "Added 2" in taken.out
    assert "1 suppressed" in taken.out
    assert "does not tell who unsubscribed" in taken.err
    assert "does not tell" not in left.err


@pytest.mark.parametrize(
    ("rows", "code"),
    [("ana@reader.example,left\n", 0), ("rubbish,\n", 1), ("rubbish,\nana@reader.example,\n", 0), ("", 0)],
)
def test_an_import_has_failed_when_nothing_came_of_it(digest: Command, tmp_path: Path, rows: str, code: int) -> None:
    file = tmp_path / "readers.csv"
    file.write_text(f"email,status\n{rows}", encoding="utf-8")

    assert digest("subscriber", "import", "morning", file, "--consent", "asked").code == code


@pytest.mark.parametrize("words", [(), ("--consent", ""), ("--consent", "  ")])
def test_an_import_without_a_ground_is_refused(digest: Command, tmp_path: Path, words: tuple[str, ...]) -> None:
    file = tmp_path / "readers.csv"
    file.write_text("email\nana@reader.example\n", encoding="utf-8")

    ran = digest("subscriber", "import", "morning", file, *words)

    assert ran.code == 2
    assert "--consent" in ran.err


def test_an_import_mails_nobody(digest: Command, tmp_path: Path, sqlite_url: str) -> None:
    file = tmp_path / "readers.csv"
    file.write_text("email\nana@reader.example\n", encoding="utf-8")

    digest("subscriber", "import", "morning", file, "--consent", "asked")

    with closing(Database(sqlite_url)) as database, database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Notice)) == 0


def test_an_export_is_written_to_a_device_as_it_stands_and_through_a_link(digest: Command, tmp_path: Path) -> None:
    digest(*ADDED)
    pipe, file, link = tmp_path / "pipe", tmp_path / "out.csv", tmp_path / "link.csv"
    os.mkfifo(pipe)
    file.write_text("old", encoding="utf-8")
    link.symlink_to(file)
    read: list[str] = []
    reader = Thread(target=lambda: read.append(pipe.read_text(encoding="utf-8")), daemon=True)
    reader.start()

    piped, linked = (digest("subscriber", "export", "morning", "--out", out) for out in (pipe, link))

    reader.join(timeout=10)
    assert (piped.code, linked.code) == (0, 0)
    assert pipe.is_fifo()
    assert link.is_symlink()
    assert read == [file.read_bytes().decode().replace("\r\n", "\n")]
    assert [path.name for path in tmp_path.glob("*.part")] == []


@pytest.mark.parametrize(("word", "code"), [("Post", 2), ("=address", 2), ("None=address", 1), ("Post=shoe", 1)])
def test_a_mapping_that_cannot_be_says_what_there_is(digest: Command, tmp_path: Path, word: str, code: int) -> None:
    file = tmp_path / "readers.csv"
    file.write_text("Post\nana@reader.example\n", encoding="utf-8")

    ran = digest("subscriber", "import", "morning", file, "--consent", "asked", "--map", word)

    assert ran.code == code
    assert ran.err.strip()
