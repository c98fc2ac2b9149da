import io
from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.import_csv.rows import LONGEST_LINE, Malformed, Row, rows


def read(data: bytes) -> list[Row | Malformed]:
    return list(rows(io.BytesIO(data)))


def cells(data: bytes) -> list[tuple[str, ...]]:
    return [row.cells for row in read(data) if isinstance(row, Row)]


def faults(found: Iterable[Row | Malformed]) -> list[tuple[int, str]]:
    return [(row.line, row.fact.split()[0]) for row in found if isinstance(row, Malformed)]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le-mark", "utf-16-be-mark"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_every_usual_dialect_gives_the_same_cells(delimiter: str, encoding: str, ending: str) -> None:
    text = ending.join(["email;name", "ana@reader.example; Ana Pérez ", ""]).replace(";", delimiter)
    if encoding.endswith("-mark"):
        data = ("\ufeff" + text).encode(encoding.removesuffix("-mark"))
    else:
        data = text.encode(encoding)

    assert cells(data) == [("email", "name"), ("ana@reader.example", "Ana Pérez")]


def test_quoted_cells_hold_delimiters_quotes_and_line_breaks() -> None:
    found = read(b'email,name\na@b.example,"Perez, Ana ""the\nfirst"""\nb@b.example,Ben\n')

    assert found[1:] == [Row(2, ("a@b.example", 'Perez, Ana "the\nfirst"')), Row(4, ("b@b.example", "Ben"))]


@pytest.mark.parametrize("lines_after", [1, 5, 100])
def test_a_quotation_mark_that_is_not_closed_spoils_its_own_line_only(lines_after: int) -> None:
    good = [f"r{number}@b.example,Ben" for number in range(lines_after)]

    found = read("\n".join(["email,name", 'a@b.example,"Ana', *good]).encode())

    assert faults(found) == [(2, "has")]
    assert [row.line for row in found if isinstance(row, Row)] == [1, *range(3, 3 + lines_after)]


def test_a_line_too_long_is_skipped_unread() -> None:
    found = read(b"email\n" + b"a" * (3 * LONGEST_LINE) + b"\nb@b.example\n")

    assert faults(found) == [(2, "is")]
    assert found[-1] == Row(3, ("b@b.example",))


def test_a_cell_that_is_too_large_by_its_many_lines_is_skipped() -> None:
    big = "\n".join(["x" * 60_000] * 3)

    found = read(f'email,name\na@b.example,"{big}"\nb@b.example,Ben\n'.encode())

    assert found[-1] == Row(5, ("b@b.example", "Ben"))
    assert faults(found)[0] == (2, "has")


def test_bytes_of_another_encoding_and_nuls_spoil_their_own_line_only() -> None:
    found = read(b"email,name\na@b.example,Jos\xe9\nb@b.example,B\0en\nc@b.example,Cleo\n")

    assert faults(found) == [(2, "has"), (3, "holds")]
    assert found[-1] == Row(4, ("c@b.example", "Cleo"))


def test_half_a_character_at_the_end_of_utf_16_is_told() -> None:
    found = read("email\na@b.example\nb@b.example".encode("utf-16")[:-1])

    assert faults(found) == [(3, "has")]


def test_blank_lines_count_as_lines_but_are_no_rows() -> None:
    assert read(b"\n  \nemail\n\n\na@b.example\n\n") == [Row(3, ("email",)), Row(6, ("a@b.example",))]


def test_an_empty_file_has_no_rows() -> None:
    assert read(b"") == []
    assert read(b"\xef\xbb\xbf\n\n") == []


def test_the_stream_stays_open_for_its_owner() -> None:
    stream = io.BytesIO(b"email\na@b.example\nb@b.example\n")

    unfinished = rows(stream)
    next(unfinished)
    unfinished.close()

    assert not stream.closed


@given(st.binary(max_size=300) | st.text(alphabet='",;\n\r\t|a\0é', max_size=300).map(str.encode))
def test_any_bytes_are_read_to_their_end(data: bytes) -> None:
    found = read(data)

    numbers = [row.line for row in found]
    assert numbers == sorted(set(numbers))
