"""Other ways to group headlines, as their authors or textbooks give them; each yields one label per title."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from datasketch import MinHash, MinHashLSH
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import squareform
from sklearn.cluster import HDBSCAN
from sklearn.feature_extraction.text import TfidfVectorizer

Labels = list[int]
Method = Callable[[Sequence[str]], Iterator[tuple[str, Labels]]]

PERMUTATIONS = 128


def exact_titles(titles: Sequence[str]) -> Iterator[tuple[str, Labels]]:
    """Group what has the same title, case and spaces apart."""
    known: dict[str, int] = {}
    yield "", [known.setdefault(" ".join(title.casefold().split()), len(known)) for title in titles]


def minhash(titles: Sequence[str]) -> Iterator[tuple[str, Labels]]:
    """Connect what MinHash-LSH holds to be near duplicates by the words of the titles (datasketch)."""
    prints = []
    for title in titles:
        sketch = MinHash(num_perm=PERMUTATIONS)
        sketch.update_batch([word.encode() for word in sorted(set(title.casefold().split()))])
        prints.append(sketch)
    for threshold in (0.2, 0.3, 0.4, 0.5, 0.6):
        index = MinHashLSH(threshold=threshold, num_perm=PERMUTATIONS)
        for at, sketch in enumerate(prints):
            index.insert(at, sketch)
        ends = [(at, near) for at, sketch in enumerate(prints) for near in index.query(sketch)]
        yield f"{threshold:.1f}", _components(len(titles), np.array(ends).T)


def tfidf_components(titles: Sequence[str]) -> Iterator[tuple[str, Labels]]:
    """Connect what the cosine of TF-IDF vectors of the titles holds to be alike (scikit-learn)."""
    alike = _alike(titles)
    for threshold in (0.3, 0.4, 0.5, 0.6, 0.7):
        yield f"{threshold:.1f}", _components(len(titles), np.nonzero(alike >= threshold))


def tfidf_average(titles: Sequence[str]) -> Iterator[tuple[str, Labels]]:
    """Link by average the cosines of TF-IDF vectors of the titles (scikit-learn, SciPy)."""
    tree = linkage(squareform(_distance(titles), checks=False), "average")
    for threshold in (0.03, 0.04, 0.05, 0.06, 0.08, 0.1, 0.13):
        yield f"{threshold:.2f}", fcluster(tree, 1 - threshold, "distance").tolist()


def hdbscan(titles: Sequence[str]) -> Iterator[tuple[str, Labels]]:
    """Group by HDBSCAN over the cosine distance of TF-IDF vectors of the titles (scikit-learn); noise stays alone."""
    distance = _distance(titles)
    for fewest in (2, 3, 5, 10):
        labels = HDBSCAN(min_cluster_size=fewest, metric="precomputed", copy=True).fit(distance).labels_.tolist()
        yield f"at least {fewest}", [label if label >= 0 else -1 - at for at, label in enumerate(labels)]


METHODS: dict[str, Method] = {
    "exact title": exact_titles,
    "MinHash-LSH, components": minhash,
    "TF-IDF, components": tfidf_components,
    "TF-IDF, average linkage": tfidf_average,
    "TF-IDF, HDBSCAN": hdbscan,
}


def _alike(titles: Sequence[str]) -> Any:
    vectors = TfidfVectorizer(sublinear_tf=True, dtype=np.float32).fit_transform(titles)
    return (vectors @ vectors.T).toarray()


def _distance(titles: Sequence[str]) -> Any:
    distance = np.clip(1 - _alike(titles), 0, 1)
    np.fill_diagonal(distance, 0)
    return distance


def _components(count: int, ends: Any) -> Labels:
    graph = csr_array((np.ones(len(ends[0]), dtype=np.int8), (ends[0], ends[1])), shape=(count, count))
    labels: Labels = connected_components(graph, directed=False)[1].tolist()
    return labels
