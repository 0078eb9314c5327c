"""A trained classifier of a group's members, served from its `.keras` file without TensorFlow.

`models.learning.training` makes such files. A `.keras` file is a zip of `config.json` with the layers and `model.weights.h5`
with their weights. The entry `METADATA` is ours, and Keras ignores it.
"""

from __future__ import annotations

import io
import json
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from models.recognition.classifier_file import BROKEN, FORMAT, LARGEST, METADATA, opened

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from models.faces import Encodings
    from models.recognition.gallery import GalleryMember


class MalformedClassifierError(ValueError):
    """The file is not a classifier of `models.learning.training`."""


@dataclass(frozen=True, slots=True)
class HoldOutResult:
    """Held-out `photos`, and how many of them rank the right member first: by centroids alone, and with the classifier."""

    photos: int
    centroids: int
    classifier: int

    @property
    def helps(self) -> bool:
        """Whether the classifier ranks at least as many photos right."""
        return self.classifier >= self.centroids


@dataclass(frozen=True, slots=True, eq=False)
class Classifier:
    """A Keras Sequential model as plain arrays.

    `mean`: (d,) float32, subtracted from each encoding, which then gets the length `length`. `kernels`: (a, b) float32 of
    each dense layer; `biases`: (b,) float32; relu between the layers. `members`: (m,) int64, the id of each column.
    `version`: of the engine. Raises ValueError for shapes that don't fit together.
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
        """The probability of each member for each face (n, d), given that it is a member: (n, m), rows with the sum 1."""
        return np.exp(self.log_probabilities(encodings))

    def log_probabilities(self, encodings: Encodings) -> NDArray[np.float64]:
        """Natural logarithms of `probabilities`: (n, m) float64. Raises ValueError unless the encodings are (n, d)."""
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
        self, log_odds: NDArray[np.float64], encodings: Encodings, members: Sequence[GalleryMember]
    ) -> NDArray[np.float64]:
        """The centroids' log-odds (n, m), with the members of each group ranked by centroids and classifier together.

        The sum of both log-probabilities ranks the members, in groups that the classifier knows in full. The highest log-odds
        of a face in a group stay as the centroids have them, so a stranger stays a stranger, and no group gains evidence.
        """
        known = {member: column for column, member in enumerate(self.members.tolist())}
        ranked = log_odds.copy()
        opinions = self.log_probabilities(encodings)
        for group in {member.group for member in members}:
            mine = [place for place, member in enumerate(members) if member.group == group]
            if not all(members[place].id in known for place in mine):
                continue
            centroids = log_odds[:, mine]
            both = centroids + opinions[:, [known[members[place].id] for place in mine]]
            ranked[:, mine] = both + (centroids.max(axis=1) - both.max(axis=1))[:, None]
        return ranked

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """The classifier as named arrays, for `from_arrays`."""
        layers = {f"kernel{i}": kernel for i, kernel in enumerate(self.kernels)}
        layers |= {f"bias{i}": bias for i, bias in enumerate(self.biases)}
        held_out = np.array([self.held_out.photos, self.held_out.centroids, self.held_out.classifier], np.int64)
        entries = {"length": np.array(self.length), "version": np.array(self.version), "held_out": held_out}
        return {"mean": self.mean, "members": self.members} | entries | layers

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Classifier:
        """The classifier of `to_arrays`. Raises KeyError or ValueError for other arrays."""
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
    """The content of the entry `METADATA`: JSON with the members' ids (m,), the engine's version and the hold-out result."""
    entries = {"format": FORMAT, "engine": version, "members": members.tolist(), "trial": asdict(held_out)}
    return json.dumps(entries, indent=1).encode()


def load(data: bytes) -> Classifier:
    """The classifier of a `.keras` file. Raises MalformedClassifierError for other or broken files."""
    try:
        with opened(data) as file:
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
    """Mean, length and activations of the layers in `config.json`."""
    mean, length, activations = None, 1.0, list[str]()
    for layer in layers:
        config = layer["config"]
        match layer["class_name"]:
            case "Normalization":
                mean = np.array(config["mean"], np.float32)
            case "Rescaling":
                length = float(config["scale"])
            case "Dense":
                activations.append(config["activation"])
            case "InputLayer" | "UnitNormalization" | "GaussianNoise" | "Dropout":
                pass
            case other:
                raise MalformedClassifierError(f"a classifier with a layer {other!r}")
    if mean is None:
        raise MalformedClassifierError("a classifier without a mean face")
    return mean, length, activations


def _weights(data: bytes, depth: int) -> tuple[tuple[NDArray[np.float32], ...], tuple[NDArray[np.float32], ...]]:
    """Kernels and biases of the dense layers, in Keras's names dense, dense_1, …"""
    import h5py

    with h5py.File(io.BytesIO(data), "r") as file:
        names = ["dense" if i == 0 else f"dense_{i}" for i in range(depth)]
        sets = [[file[f"layers/{name}/vars/{part}"] for part in "01"] for name in names]
        # A dataset that nobody has written takes no room in the file, however large its shape.
        if sum(dataset.size for pair in sets for dataset in pair) * 4 > LARGEST:
            raise MalformedClassifierError("a classifier with more weights than one has")
        pairs = [tuple(np.array(dataset, np.float32) for dataset in pair) for pair in sets]
    return tuple(kernel for kernel, _ in pairs), tuple(bias for _, bias in pairs)
