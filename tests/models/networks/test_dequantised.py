"""Block-quantised weights become float32 weights, the same ones everywhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from models.networks.dequantised import dequantised

Values = NDArray[Any]
Weights = Mapping[str, Values]


def network(constants: Weights, *nodes: onnx.NodeProto, inputs: tuple[str, ...] = ()) -> bytes:
    """An ONNX file that adds `w` to its input `x`; `inputs`: constants that are inputs too."""
    shape = [4, 6]
    add = helper.make_node("Add", ["x", "w"], ["y"])
    given = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in ("x", *inputs)]
    made = helper.make_tensor_value_info("y", TensorProto.FLOAT, shape)
    stored = [numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph([*nodes, add], "g", given, [made], stored)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)]).SerializeToString()


def weights_of(data: bytes) -> Weights:
    return {each.name: numpy_helper.to_array(each) for each in onnx.load_from_string(data).graph.initializer}


QUANTISED = np.arange(24, dtype=np.int8).reshape(4, 6)


@pytest.mark.parametrize(
    ("scale", "zero", "options", "wanted"),
    [
        pytest.param(np.array(0.5, np.float32), None, {}, QUANTISED * 0.5, id="one-scale"),
        pytest.param(
            np.array([1, 2, 3, 4], np.float32),
            np.array([0, 1, 2, 3], np.int8),
            {"axis": 0},
            (QUANTISED - np.array([[0], [1], [2], [3]])) * np.array([[1], [2], [3], [4]]),
            id="a-scale-a-row",
        ),
        pytest.param(
            np.array([[1, 10]] * 4, np.float32),
            np.array([[0, 1]] * 4, np.int8),
            {"axis": 1, "block_size": 4},
            (QUANTISED - np.array([0, 0, 0, 0, 1, 1])) * np.array([1, 1, 1, 1, 10, 10]),
            id="blocks-of-which-the-last-is-shorter",
        ),
        pytest.param(
            np.array([[1] * 6, [10] * 6], np.float32),
            None,
            {"axis": 0, "block_size": 2},
            QUANTISED * np.array([[1], [1], [10], [10]]),
            id="blocks-of-rows",
        ),
    ],
)
def test_each_weight_has_the_scale_and_zero_of_its_block(
    scale: Values, zero: Values | None, options: dict[str, Any], wanted: Values
) -> None:
    constants: Weights = {"q": QUANTISED, "s": scale} | ({} if zero is None else {"z": zero})
    node = helper.make_node("DequantizeLinear", list(constants), ["w"], **options)
    found = dequantised(network(constants, node, inputs=("q",)))
    assert weights_of(found.data).keys() == {"w"}
    assert weights_of(found.data)["w"].dtype == np.float32
    assert np.array_equal(weights_of(found.data)["w"], wanted)
    assert [value.name for value in onnx.load_from_string(found.data).graph.input] == ["x"]


def test_the_hash_is_that_of_the_weights_and_not_of_the_file() -> None:
    node = helper.make_node("DequantizeLinear", ["q", "s"], ["w"])
    first, same, other = (
        dequantised(network({"q": QUANTISED, "s": np.array(scale, np.float32), **more}, node))
        for scale, more in ((0.5, {}), (0.5, {"unused": QUANTISED}), (0.25, {}))
    )
    assert first.values == same.values != other.values
    assert first.data == same.data


@pytest.mark.parametrize("data", [b"no network", b"", b"\x08\xff"])
def test_what_is_no_network_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="no ONNX file"):
        dequantised(data)


def test_values_that_are_not_constant_are_refused() -> None:
    node = helper.make_node("DequantizeLinear", ["x", "s"], ["w"], name="odd")
    with pytest.raises(ValueError, match="odd dequantises values that aren't constant"):
        dequantised(network({"s": np.array(1, np.float32)}, node))
