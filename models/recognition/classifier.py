"""A trained classifier: whom of a roster a face resembles most. Served from its `.keras` file without TensorFlow.

`models.learning.training` makes such files. The `.keras` format is a zip of `config.json`, which has the layers, and
`model.weights.h5`, which has their numbers; `METADATA` lies beside them, and Keras itself passes over it.
"""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from models.recognition.classifier_file import BROKEN, FORMAT, METADATA

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from models.faces import Encodings
    from models.recognition.gallery import GalleryMember


class MalformedClassifierError(ValueError):
    """A file that isn't a classifier as `models.learning.training` writes them."""


@dataclass(frozen=True, slots=True)
class HoldOutResult:
    """How often the members of held-out photos were picked right: by centroids alone, and with the classifier."""

    photos: int
    centroids: int
    classifier: int

    @property
    def helps(self) -> bool:
        """Whether picks are at least as good with the classifier."""
        return self.classifier >= self.centroids


@dataclass(frozen=True, slots=True, eq=False)
class Classifier:
    """A Keras Sequential model as plain arrays.

    `mean`: (d,) float32, taken off every encoding, which is then scaled to `length`. `kernels`: (a, b) float32 of each dense
    layer and `biases`: (b,), relu between them. `members`: (m,) int64, the id of each column. `version`: the engine's.
    Raises ValueError when shapes don't fit together.
    """

    mean: NDArray[np.float32]
    length: float
    kernels: tuple[NDArray[np.float32], ...]
    biases: tuple[NDArray[np.float32], ...]
    members: NDArray[np.int64]
    version: str
    held_out: HoldOutResult

    def __post_init__(self) -> None:
        widths = [len(self.mean), *(len(bias) for bias in self.biases)]
        wanted = list(pairwise(widths))
        if not self.biases or widths[-1] != len(self.members) or [kernel.shape for kernel in self.kernels] != wanted:
            raise ValueError(
                f"kernels {[kernel.shape for kernel in self.kernels]}, not {wanted} to {len(self.members)}"
            )

    def probabilities(self, encodings: Encodings) -> NDArray[np.float64]:
        """Of each face (n, d) being each member, if it is any of them: (n, m), rows that sum to 1."""
        return np.exp(self.log_probabilities(encodings))

    def log_probabilities(self, encodings: Encodings) -> NDArray[np.float64]:
        """Natural logarithms of `probabilities`: (n, m). Raises ValueError when the encodings aren't (n, d)."""
        if encodings.ndim != 2 or encodings.shape[1] != len(self.mean):
            raise ValueError(f"encodings {encodings.shape}, not (n, {len(self.mean)})")
        values = encodings - self.mean
        values *= self.length / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), np.float32(1e-9))
        for kernel, bias in zip(self.kernels[:-1], self.biases[:-1], strict=True):
            values = np.maximum(values @ kernel + bias, np.float32(0))
        logits = (values @ self.kernels[-1] + self.biases[-1]).astype(np.float64)
        logits -= logits.max(axis=1, keepdims=True)
        return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))

    def rerank(
        self, log_odds: NDArray[np.float64], encodings: Encodings, roster: Sequence[GalleryMember]
    ) -> NDArray[np.float64]:
        """Log-odds of the centroids (n, m) in which the members of every group that is known here in full are ranked anew.

        The product of both opinions ranks them; each face's highest log-odds stay in each group what the centroids made
        them, so that a face that was nobody is nobody still, and another group is found no easier.
        """
        known = {member: column for column, member in enumerate(self.members.tolist())}
        ranked = log_odds.copy()
        opinions = self.log_probabilities(encodings)
        for group in {member.group for member in roster}:
            mine = [place for place, member in enumerate(roster) if member.group == group]
            if not all(roster[place].id in known for place in mine):
                continue
            centroids = log_odds[:, mine]
            both = centroids + opinions[:, [known[roster[place].id] for place in mine]]
            ranked[:, mine] = both + (centroids.max(axis=1) - both.max(axis=1))[:, None]
        return ranked

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """All of it under names, to travel without the file; see `from_arrays`."""
        layers = {f"kernel{i}": kernel for i, kernel in enumerate(self.kernels)}
        layers |= {f"bias{i}": bias for i, bias in enumerate(self.biases)}
        held_out = np.array([self.held_out.photos, self.held_out.centroids, self.held_out.classifier], np.int64)
        entries = {"length": np.array(self.length), "version": np.array(self.version), "held_out": held_out}
        return {"mean": self.mean, "members": self.members} | entries | layers

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Classifier:
        """What `arrays` gave. Raises KeyError or ValueError when it is something else."""
        depth = sum(name.startswith("kernel") for name in arrays)
        return cls(
            arrays["mean"],
            float(arrays["length"]),
            tuple(arrays[f"kernel{i}"] for i in range(depth)),
            tuple(arrays[f"bias{i}"] for i in range(depth)),
            arrays["members"],
            str(arrays["version"]),
            HoldOutResult(*arrays["held_out"].tolist()),
        )


def metadata(members: NDArray[np.int64], version: str, held_out: HoldOutResult) -> bytes:
    """The entry `METADATA` of a classifier's file."""
    entries = {"format": FORMAT, "engine": version, "members": members.tolist(), "trial": asdict(held_out)}
    return json.dumps(entries, indent=1).encode()


def load(data: bytes) -> Classifier:
    """The classifier of a `.keras` file. Raises MalformedClassifierError when it is none, or not whole."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            entries = json.loads(file.read(METADATA))
            layers = json.loads(file.read("config.json"))["config"]["layers"]
            weights = file.read("model.weights.h5")
        if entries["format"] != FORMAT:
            raise MalformedClassifierError(f"a classifier of format {entries['format']}, not {FORMAT}")
        mean, length, activations = _prepared(layers)
        kernels, biases = _weights(weights, len(activations))
        if activations != ["relu"] * (len(activations) - 1) + ["softmax"]:
            raise MalformedClassifierError(f"a classifier with activations {activations}")
        members = np.array(entries["members"], np.int64)
        return Classifier(mean, length, kernels, biases, members, entries["engine"], HoldOutResult(**entries["trial"]))
    except MalformedClassifierError:
        raise
    except BROKEN as error:
        raise MalformedClassifierError(f"not a classifier: {error!r}") from error


def _prepared(layers: list[dict[str, Any]]) -> tuple[NDArray[np.float32], float, list[str]]:
    """Mean, length and activations of layers as `models.learning.training` stacks them."""
    mean, length, activations = None, 1.0, list[str]()
    for layer in layers:
        its = layer["config"]
        match layer["class_name"]:
            case "Normalization":
                mean = np.array(its["mean"], np.float32)
            case "Rescaling":
                length = float(its["scale"])
            case "Dense":
                activations.append(its["activation"])
            case "InputLayer" | "UnitNormalization" | "GaussianNoise" | "Dropout":
                pass
            case other:
                raise MalformedClassifierError(f"a classifier with a layer {other!r}")
    if mean is None:
        raise MalformedClassifierError("a classifier without a mean face")
    return mean, length, activations


def _weights(data: bytes, depth: int) -> tuple[tuple[NDArray[np.float32], ...], tuple[NDArray[np.float32], ...]]:
    """Kernels and biases of the dense layers, which Keras keeps as dense, dense_1, …"""
    import h5py

    with h5py.File(io.BytesIO(data), "r") as file:
        names = ["dense" if i == 0 else f"dense_{i}" for i in range(depth)]
        pairs = [tuple(np.array(file[f"layers/{name}/vars/{part}"], np.float32) for part in "01") for name in names]
    return tuple(kernel for kernel, _ in pairs), tuple(bias for _, bias in pairs)
