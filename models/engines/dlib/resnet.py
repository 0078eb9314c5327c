"""dlib's face ResNet as ONNX: converted at first use, kept in a folder.

On onnxruntime it takes 3 ms a face where the dlib wheel takes 65 ms; the outputs differ by less than 1e-6.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from models.engines.dlib.serialised import CHIP, DIMENSIONS, Layer, MalformedModelError, Network, read_network

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from onnx import ModelProto, NodeProto, TensorProto

OPSET = 13
"""The ONNX operator set that the graph is written in; every onnxruntime since 2020 reads it."""


def converted(dat: Path, folder: Path) -> Path:
    """Path of the ONNX file of `dat` in `folder`, written there if it isn't yet.

    Its name carries the hash of `dat`; it appears whole or not at all, whoever else writes it at the same time.
    Raises MalformedModelError when `dat` is another network, and OSError when a file can't be read or written.
    """
    data = dat.read_bytes()
    target = folder / f"dlib-resnet-{hashlib.sha256(data).hexdigest()[:16]}.onnx"
    if target.exists():
        return target
    try:
        model = convert(read_network(data))
    except MalformedModelError as error:
        raise MalformedModelError(f"{dat} is not dlib's face recognition ResNet: {error}") from error
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, prefix=target.stem, suffix=".part", delete=False) as part:
        try:
            part.write(model.SerializeToString())
            part.flush()
            os.fsync(part.fileno())
            Path(part.name).replace(target)
        except BaseException:
            Path(part.name).unlink(missing_ok=True)
            raise
    return target


def convert(network: Network) -> ModelProto:
    """The network as ONNX: `chips` (n, 150, 150, 3) uint8 RGB in, `encodings` (n, 128) float32 out, not of unit length.

    Each affine layer is folded into the convolution below it. Raises MalformedModelError when layers don't fit together.
    """
    # Converting happens once a machine; importing onnx takes half a second that every later start is spared.
    from onnx import TensorProto, checker, helper

    graph = _Graph()
    graph.take_chips(network.mean_colour)
    graph.stack(network.layers)
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "dlib_face_recognition_resnet",
            [helper.make_tensor_value_info("chips", TensorProto.UINT8, ["n", CHIP, CHIP, 3])],
            [helper.make_tensor_value_info("encodings", TensorProto.FLOAT, ["n", DIMENSIONS])],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=8,
    )
    checker.check_model(model, full_check=True)  # pyright: ignore[reportUnknownMemberType]  # a bare PathLike in its types
    return model


class _Graph:
    """Grows ONNX nodes upwards. `_top` names the newest value, `_shape` is its (channels, rows, columns)."""

    def __init__(self) -> None:
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []
        self._top = "chips"
        self._shape: tuple[int, int, int] = (3, CHIP, CHIP)

    def take_chips(self, mean_colour: tuple[float, float, float]) -> None:
        """From uint8 pixels to what dlib feeds its network: planes, less the mean colour, divided by 256."""
        self._add("Cast", to=1)
        self._add("Transpose", perm=[0, 3, 1, 2])
        self._add("Sub", self._constant(np.array(mean_colour, np.float32).reshape(1, 3, 1, 1)))
        self._add("Mul", self._constant(np.array(1 / 256, np.float32)))

    def stack(self, layers: Sequence[Layer]) -> None:
        """Put the layers on top of each other; raises MalformedModelError when they don't fit together."""
        # A plain block is tag1 … add_prev1; one that halves the picture is tag1 … tag2, skip1, avg_pool, add_prev2.
        tagged: list[tuple[str, tuple[int, int, int]]] = []
        below: Layer | None = None
        waiting: Layer | None = None
        for layer in layers:
            if (waiting is not None) != (layer.kind == "affine_"):
                raise MalformedModelError(f"{layer.kind} above {below.kind if below else 'the input'}")
            if layer.kind == "con_4":
                waiting = layer
            elif layer.kind == "affine_" and waiting is not None:
                self._convolve(waiting, layer)
                waiting = None
            elif layer.kind == "relu_":
                self._add("Relu")
            elif layer.kind in {"max_pool_2", "avg_pool_2"}:
                self._pool(layer)
            elif layer.kind == "mark" and below is not None and below.kind == "mark":
                block, shortcut = tagged.pop(), tagged.pop()
                (self._top, self._shape), tagged = shortcut, [*tagged, block]
            elif layer.kind == "mark":
                tagged.append((self._top, self._shape))
            elif layer.kind == "add_prev_":
                if not tagged:
                    raise MalformedModelError("add_prev_ with nothing to add")
                self._join(*tagged.pop())
            elif layer.kind == "fc_2":
                self._project(layer)
            below = layer

    def _convolve(self, convolution: Layer, affine: Layer) -> None:
        filters, rows, columns, stride_y, stride_x, pad_y, pad_x = convolution.settings
        weights = (filters, self._shape[0], rows, columns)
        size = int(np.prod(weights))
        if convolution.parameters.size != size + filters or affine.parameters.size != 2 * filters:
            raise MalformedModelError(f"con_4 with {convolution.parameters.size} parameters for weights {weights}")
        gamma, beta = affine.parameters[:filters], affine.parameters[filters:]
        folded = convolution.parameters[:size].reshape(weights) * gamma[:, None, None, None]
        bias = convolution.parameters[size:] * gamma + beta
        self._slide(
            "Conv", (rows, columns, stride_y, stride_x, pad_y, pad_x), self._constant(folded), self._constant(bias)
        )
        self._shape = (filters, self._shape[1], self._shape[2])

    def _pool(self, pool: Layer) -> None:
        if pool.settings[:2] == (0, 0):
            self._add("GlobalAveragePool")
            self._shape = (self._shape[0], 1, 1)
        else:
            self._slide("MaxPool" if pool.kind == "max_pool_2" else "AveragePool", pool.settings)

    def _slide(self, operator: str, window: tuple[int, ...], *inputs: str) -> None:
        """An operator that moves a window (rows, columns, stride y, stride x, padding y, padding x) over the planes."""
        rows, columns, stride_y, stride_x, pad_y, pad_x = window
        channels, height, width = self._shape
        self._add(
            operator, *inputs, kernel_shape=[rows, columns], strides=[stride_y, stride_x], pads=[pad_y, pad_x] * 2
        )
        self._shape = (
            channels,
            (height + 2 * pad_y - rows) // stride_y + 1,
            (width + 2 * pad_x - columns) // stride_x + 1,
        )

    def _join(self, other: str, shape: tuple[int, int, int]) -> None:
        """Add another value; dlib fills whichever is smaller with zeros at its end."""
        whole = (max(self._shape[0], shape[0]), max(self._shape[1], shape[1]), max(self._shape[2], shape[2]))
        mine = self._fill(self._top, self._shape, whole)
        self._top, self._shape = self._fill(other, shape, whole), whole
        self._add("Add", mine)

    def _fill(self, value: str, shape: tuple[int, int, int], whole: tuple[int, int, int]) -> str:
        if shape == whole:
            return value
        missing = [large - small for large, small in zip(whole, shape, strict=True)]
        self._top = value
        self._add("Pad", self._constant(np.array([0, 0, 0, 0, 0, *missing], np.int64)))
        return self._top

    def _project(self, layer: Layer) -> None:
        outputs, inputs = layer.settings
        if layer.parameters.size != outputs * inputs or self._shape != (inputs, 1, 1):
            raise MalformedModelError(f"fc_2 with {layer.parameters.size} parameters above {self._shape}")
        self._add("Flatten", axis=1)
        self._add("MatMul", self._constant(layer.parameters.reshape(inputs, outputs)), name="encodings")

    def _constant(self, values: NDArray[np.float32] | NDArray[np.int64]) -> str:
        from onnx import numpy_helper

        name = f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(values, name))
        return name

    def _add(self, operator: str, *inputs: str, name: str = "", **attributes: int | list[int]) -> None:
        from onnx import helper

        result = name or f"value{len(self.nodes)}"
        node = helper.make_node(operator, [self._top, *inputs], [result])
        node.attribute.extend(helper.make_attribute(key, value) for key, value in attributes.items())
        self.nodes.append(node)
        self._top = result
