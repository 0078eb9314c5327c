"""The part of openvino.op that models/engines/dlib/resnet.py calls."""

from typing import Any

from numpy.typing import NDArray
from openvino import Node

class Constant(Node):
    def __init__(self, array: NDArray[Any]) -> None: ...
