"""Networks on OpenVINO, which reads ONNX and Intel's own format."""

from __future__ import annotations

import os
from threading import Lock
from typing import TYPE_CHECKING, Literal

import numpy as np
import openvino
from openvino.preprocess import ColorFormat, PrePostProcessor

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from models.faces import Encodings

MAX_THREADS = 4
"""Threads of one network at most, since other workers share the cores."""


class Embedder:
    """A network that encodes chips, square RGB crops of faces. It is thread-safe.

    Each chip runs alone, on one of the threads. Batches of 18 chips are no faster, and each new batch size costs 20 to 150 ms
    once. Two threads on the same chip take up to twice as long as two threads on chips of their own.
    """

    def __init__(
        self,
        model: Path | bytes | openvino.Model,
        side: int,
        *,
        colours: Literal["RGB", "BGR"] = "RGB",
        mean: tuple[float, float, float] = (0.0, 0.0, 0.0),
        scale: float = 1.0,
        exact: bool = True,
    ) -> None:
        """Compile `model`: a file, the content of an ONNX file, or a network of OpenVINO.

        It maps (n, 3, side, side) float32 to (n, d) or (n, d, 1, 1). The input is (pixel - mean) / scale, with channels and
        `mean` in the order of `colours`. Unless `exact`, processors with bfloat16 use it. Raises RuntimeError for a file that
        OpenVINO can't read.
        """
        self._requests, compiled = compile_network(model, side, colours=colours, mean=mean, scale=scale, exact=exact)
        self._requests.set_callback(_keep)
        self.side = side
        self.dimensions = int(np.prod(list(compiled.output(0).shape)))
        self._running = Lock()

    def encode(self, chips: NDArray[np.uint8]) -> Encodings:
        """Encodings of chips (n, side, side, 3) uint8: (n, d) float32, rows of unit length, means over each chip and its
        mirror image."""
        both = self.embed(np.concatenate([chips, chips[:, :, ::-1]]))
        mean = both[: len(chips)] + both[len(chips) :]
        return mean / np.linalg.norm(mean, axis=1, keepdims=True)

    def embed(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The output of the network for chips (n, side, side, 3) uint8: (n, d) float32, not of unit length."""
        encodings = np.empty((len(chips), self.dimensions), np.float32)
        with self._running:
            for chip, encoding in zip(chips, encodings, strict=True):
                self._requests.start_async([chip[None]], encoding)
            self._requests.wait_all()
        return encodings


def compile_network(
    model: Path | bytes | openvino.Model,
    side: int,
    *,
    colours: Literal["RGB", "BGR"] = "RGB",
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0),
    scale: float = 1.0,
    exact: bool = True,
) -> tuple[openvino.AsyncInferQueue, openvino.CompiledModel]:
    """Compile a network for single pictures (1, side, side, 3) uint8 RGB, and make a queue of as many requests as threads.

    The parameters are those of `Embedder`. Raises RuntimeError for a file that OpenVINO can't read.
    """
    if not isinstance(model, openvino.Model):
        model = openvino.Core().read_model(model)
    model.reshape([1, 3, side, side])
    feed = PrePostProcessor(model)
    pixels = feed.input()
    pixels.tensor().set_element_type(openvino.Type.u8).set_layout(openvino.Layout("NHWC"))
    pixels.tensor().set_color_format(ColorFormat.RGB)
    pixels.model().set_layout(openvino.Layout("NCHW"))
    pixels.preprocess().convert_element_type(openvino.Type.f32)
    if colours == "BGR":
        pixels.preprocess().convert_color(ColorFormat.BGR)
    pixels.preprocess().mean(list(mean)).scale(scale)
    threads = min(MAX_THREADS, os.cpu_count() or 1)
    settings = {
        "EXECUTION_MODE_HINT": "ACCURACY" if exact else "PERFORMANCE",
        "INFERENCE_NUM_THREADS": threads,
        "NUM_STREAMS": threads,
        # With pinning all workers would use the same first cores.
        "ENABLE_CPU_PINNING": False,
    }
    compiled = openvino.Core().compile_model(feed.build(), "CPU", settings)
    return openvino.AsyncInferQueue(compiled, threads), compiled


def _keep(request: openvino.InferRequest, encoding: NDArray[np.float32]) -> None:
    encoding[:] = request.get_output_tensor().data.reshape(-1)
