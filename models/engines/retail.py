"""The more accurate engine: YuNet, Intel's face-reidentification-retail-0095, and dlib's ResNet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.engines import MissingWeightsError, WeightFile

if TYPE_CHECKING:
    from pathlib import Path

    from models.networks.aligned import AlignedEngine

_YUNET = "https://github.com/opencv/opencv_zoo/raw/main/models/face_detection_yunet/"
_RETAIL = (
    "https://download.01.org/opencv/2019/open_model_zoo/R4/20191230_170000_models_bin/"
    "face-reidentification-retail-0095/FP32/"
)

VERSION = "retail-2"
WEIGHTS = (
    WeightFile(
        path="retail/face_detection_yunet_2023mar.onnx",
        url=_YUNET + "face_detection_yunet_2023mar.onnx",
        size=232_589,
        sha256="8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
        licence="MIT",
        equivalents=("25a606a145a5b6d7271ae138fbd00eba91dad8b83222ae3f2c7ecd0f4a7b0e31",),
        found_as=("yunet/face_detection_yunet_2023mar.onnx", "yunet/yunet_n_640_640.onnx"),
    ),
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

DLIB_SHARE = 0.3
"""The weight of dlib's network in a score. The two networks confuse different people.

Share of TWICE with the right name while 1% of ITZY get one, for seven, five and one enrolled photos a member: 98.2, 97.1 and
77.7% by retail-0095 alone, 99.7, 98.9 and 77.5% by both (150 draws, less the mean face, by a single threshold). A weight of
0.2 gives the same with one photo, and a tenth of a point less with seven.
"""


def create(weights: Path) -> AlignedEngine:
    """The engine. Raises MissingWeightsError for a file of WEIGHTS that isn't in `weights`."""
    detector, network, _ = (_installed(file, weights) for file in WEIGHTS)

    from models.engines import dlib
    from models.networks.aligned import AlignedEncoder, AlignedEngine
    from models.networks.runtime import Embedder
    from models.networks.yunet import YuNet

    # bfloat16 halves the time of a face. On 179 photos of ../shared/faces the cosine with the encoding in float32 is 0.9995 or
    # more, scores of two faces differ by 0.002 (standard deviation), and the nearest centroid names the same 178.
    embedder = Embedder(network, SIDE, colours="BGR", exact=False)
    encoder = AlignedEncoder(REFERENCE, embedder)
    return AlignedEngine("retail", VERSION, YuNet(detector), encoder, dlib.create_companion(), DLIB_SHARE)


def _installed(file: WeightFile, weights: Path) -> Path:
    found = file.find(weights)
    if found is None:
        raise MissingWeightsError("retail")
    return found
