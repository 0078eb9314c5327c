"""Networks, run by OpenVINO: it reads ONNX, and Intel's own format as published."""

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

MOST_THREADS = 4
"""The other workers want cores too."""


class Embedder:
    """A network that turns chips, square RGB pictures of faces, into encodings. Several threads may use one object.

    Each chip is run by itself, on a thread of its own. In batches 18 chips are no faster, and each new size of batch costs
    20 to 150 ms once; two threads that share each chip take up to twice as long as two that don't.
    """

    def __init__(
        self,
        model: Path | openvino.Model,
        side: int,
        *,
        colours: Literal["RGB", "BGR"] = "RGB",
        mean: tuple[float, float, float] = (0.0, 0.0, 0.0),
        scale: float = 1.0,
        exact: bool = True,
    ) -> None:
        """Compile `model`: (n, 3, side, side) float32 in, the channels in the order `colours`; (n, d) out, or (n, d, 1, 1).

        It is fed (pixel - mean) / scale, `mean` in the order `colours` too. Unless `exact`, processors that calculate faster
        in bfloat16 do so.
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
        threads = min(MOST_THREADS, os.cpu_count() or 1)
        settings = {
            "EXECUTION_MODE_HINT": "ACCURACY" if exact else "PERFORMANCE",
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": threads,
            # Workers that each held on to the first cores would share them, and leave others idle.
            "ENABLE_CPU_PINNING": False,
        }
        compiled = openvino.Core().compile_model(feed.build(), "CPU", settings)
        self.side = side
        self.dimensions = int(np.prod(list(compiled.output(0).shape)))
        self._requests = openvino.AsyncInferQueue(compiled, threads)
        self._requests.set_callback(_keep)
        self._running = Lock()

    def encode(self, chips: NDArray[np.uint8]) -> Encodings:
        """Encodings (n, d) of unit length of chips (n, side, side, 3): the mean of each and its mirror image."""
        both = self.embed(np.concatenate([chips, chips[:, :, ::-1]]))
        mean = both[: len(chips)] + both[len(chips) :]
        return mean / np.linalg.norm(mean, axis=1, keepdims=True)

    def embed(self, chips: NDArray[np.uint8]) -> NDArray[np.float32]:
        """What the network gives for chips (n, side, side, 3): (n, d) float32, not scaled to unit length."""
        encodings = np.empty((len(chips), self.dimensions), np.float32)
        with self._running:
            for chip, encoding in zip(chips, encodings, strict=True):
                self._requests.start_async([chip[None]], encoding)
            self._requests.wait_all()
        return encodings


def _keep(request: openvino.InferRequest, encoding: NDArray[np.float32]) -> None:
    encoding[:] = request.get_output_tensor().data.reshape(-1)
