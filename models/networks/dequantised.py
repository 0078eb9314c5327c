"""Networks with block-quantised weights as float32 networks, which OpenVINO and OpenCV read.

Since its operator set 21, ONNX's DequantizeLinear has an axis and a block size: each block of weights along the axis has a
scale and a zero point (onnx.ai, DequantizeLinear-21). Neither OpenVINO nor OpenCV 5 reads such blocks.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import onnx
from onnx import numpy_helper

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


class FloatNetwork(NamedTuple):
    """A network as an ONNX file. `values`: the SHA-256 of its dequantised weights: name, shape and float32 values of each."""

    data: bytes
    values: str


def dequantised(data: bytes) -> FloatNetwork:
    """The network of an ONNX file, with each DequantizeLinear of constants replaced by float32 weights.

    The same file gives the same weights everywhere: each is one product of two float32. Raises ValueError for what is no ONNX
    file, and for a DequantizeLinear of values that aren't constant.
    """
    try:
        model = onnx.load_from_string(data)
    except Exception as error:  # protobuf has an error type for each of its implementations
        raise ValueError("this is no ONNX file") from error
    graph = model.graph
    if not graph.node:
        raise ValueError("this is no ONNX file")
    constants = {constant.name: constant for constant in graph.initializer}
    quantised = [node for node in graph.node if node.op_type == "DequantizeLinear"]
    others = [node for node in graph.node if node.op_type != "DequantizeLinear"]
    digest = hashlib.sha256()
    weights: list[onnx.TensorProto] = []
    for node in quantised:
        if not set(node.input) <= constants.keys():
            raise ValueError(f"{node.name} dequantises values that aren't constant")
        values = _values(node, constants)
        digest.update(f"{node.output[0]} {values.shape}\n".encode())
        digest.update(values.astype("<f4").tobytes())
        weights.append(numpy_helper.from_array(values, node.output[0]))
    used = {name for node in others for name in node.input}
    weights += [constant for constant in graph.initializer if constant.name in used]
    inputs = [value for value in graph.input if value.name not in constants]
    del graph.node[:], graph.initializer[:], graph.input[:]
    graph.node.extend(others)
    graph.initializer.extend(weights)
    graph.input.extend(inputs)
    return FloatNetwork(model.SerializeToString(deterministic=True), digest.hexdigest())


def _values(node: onnx.NodeProto, constants: Mapping[str, onnx.TensorProto]) -> NDArray[np.float32]:
    """The float32 values of a DequantizeLinear: (quantised value - zero point) · scale."""
    options = {attribute.name: onnx.helper.get_attribute_value(attribute) for attribute in node.attribute}
    quantised, *parameters = (numpy_helper.to_array(constants[name]) for name in node.input)
    axis, block = options.get("axis", 1), options.get("block_size", 0)
    scale, *zeros = (_spread(values, quantised.shape, axis, block) for values in parameters)
    zero = zeros[0].astype(np.int32) if zeros else 0
    return (quantised.astype(np.int32) - zero).astype(np.float32) * scale.astype(np.float32)


def _spread(values: NDArray[np.generic], shape: tuple[int, ...], axis: int, block: int) -> NDArray[np.generic]:
    """A value for each weight of `shape`, of one a tensor, one a slice of the axis, or one a block along it."""
    if values.ndim == 0 or values.size == 1:
        return values.reshape(())
    if block:
        return np.repeat(values, block, axis).take(range(shape[axis]), axis)
    return values.reshape([-1 if at == axis % len(shape) else 1 for at in range(len(shape))])
