"""The operators that models/engines/dlib/resnet.py is made of."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from openvino import Node

Value = Node | NDArray[Any]

def parameter(shape: Sequence[int], dtype: type[np.float32], name: str) -> Node: ...
def relu(data: Node) -> Node: ...
def add(left_node: Value, right_node: Value) -> Node: ...
def convolution(
    data: Value,
    filters: Value,
    strides: Sequence[int],
    pads_begin: Sequence[int],
    pads_end: Sequence[int],
    dilations: Sequence[int],
) -> Node: ...
def max_pool(
    data: Value, strides: Sequence[int], pads_begin: Sequence[int], pads_end: Sequence[int], kernel_shape: Sequence[int]
) -> Node: ...
def avg_pool(
    data_batch: Value,
    strides: Sequence[int],
    pads_begin: Sequence[int],
    pads_end: Sequence[int],
    kernel_shape: Sequence[int],
    exclude_pad: bool,
) -> Node: ...
def reduce_mean(node: Value, reduction_axes: Value, keep_dims: bool = False) -> Node: ...
def pad(arg: Value, pads_begin: Value, pads_end: Value, pad_mode: str) -> Node: ...
def reshape(node: Value, output_shape: Value, special_zero: bool) -> Node: ...
def matmul(data_a: Value, data_b: Value, transpose_a: bool, transpose_b: bool) -> Node: ...
