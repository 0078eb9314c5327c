"""The most accurate engine: that of `sface`, and Intel's face-reidentification-retail-0095 for the same faces.

The two networks confuse different people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.engines import MissingWeightsError, WeightFile, sface

if TYPE_CHECKING:
    from pathlib import Path

    from models.networks.aligned import AlignedEngine

_RETAIL = (
    "https://download.01.org/opencv/2019/open_model_zoo/R4/20191230_170000_models_bin/"
    "face-reidentification-retail-0095/FP32/"
)

RETAIL = (
    WeightFile(
        path="retail/face-reidentification-retail-0095.xml",
        url=_RETAIL + "face-reidentification-retail-0095.xml",
        size=225_830,
        sha256="a16ac1cfe4334a50ca2ce48639e46f8e981351eb25943f73e3425a47939662b3",
        licence="Apache-2.0",
        equivalents=("879662c555c826e7a07683f95bb4387b810ab679a8b8c64cc46e07016bb3da2b",),
        found_as=("retail-0095/face-reidentification-retail-0095.xml",),
    ),
    WeightFile(
        path="retail/face-reidentification-retail-0095.bin",
        url=_RETAIL + "face-reidentification-retail-0095.bin",
        size=4_427_256,
        sha256="03836a6a1d03828322491b0608a579b1c47e5097d355c489b5b8aaf5fce1ef48",
        licence="Apache-2.0",
        equivalents=("4d8cdfa9447ddd6d8b447f76c6eaaa2c9345c1ee0146b94900ee5267ffcb9307",),
        found_as=("retail-0095/face-reidentification-retail-0095.bin",),
    ),
)
WEIGHTS = (*sface.WEIGHTS, *RETAIL)

VERSION = sface.VERSION.replace("sface-2", "trio-1")
"""Where `sface` has the weights before their quantisation, these encodings are others too."""

REFERENCE = (
    (0.31556875, 0.46157410),
    (0.68262292, 0.46157410),
    (0.50026250, 0.64050537),
    (0.34947187, 0.82469196),
    (0.65343645, 0.82325089),
)
"""Eye, eye, nose, corner of the mouth, corner, from the description of retail-0095 in the Open Model Zoo."""

SIDE = 128
"""Side of a chip in pixels."""

SHARE = 0.5
"""The weight of retail-0095 in a score."""


def create(weights: Path) -> AlignedEngine:
    """The engine. Raises MissingWeightsError for a file of WEIGHTS that isn't in `weights`, and as `sface.create` does."""
    network = RETAIL[0].find(weights)
    if network is None or any(file.find(weights) is None for file in WEIGHTS):
        raise MissingWeightsError("trio")

    from dataclasses import replace

    from models.networks.aligned import AlignedEncoder
    from models.networks.runtime import Embedder

    # bfloat16 halves the time of a face where the processor has it. On 179 photos of ../shared/faces the cosine with the
    # encoding in float32 is 0.9995 or more, and scores of two faces differ by 0.002 (standard deviation).
    companion = AlignedEncoder(REFERENCE, Embedder(network, SIDE, colours="BGR", exact=False))
    return replace(sface.create(weights), name="trio", version=VERSION, companion=companion, share=SHARE)
