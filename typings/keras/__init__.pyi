"""The part of Keras that models/training.py calls; its wheel ships no types."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from keras import layers, losses, optimizers, utils
from numpy.typing import NDArray

__all__ = ["Input", "Sequential", "layers", "losses", "optimizers", "utils"]

def Input(shape: tuple[int, ...]) -> layers.Layer: ...  # noqa: N802  # Keras's own name

class Sequential:
    def __call__(self, inputs: NDArray[np.float32]) -> Any: ...
    def __init__(self, layers: Sequence[layers.Layer]) -> None: ...
    def compile(
        self, optimizer: optimizers.Adam, loss: losses.CategoricalCrossentropy, *, steps_per_execution: int
    ) -> None: ...
    def fit(
        self,
        x: NDArray[np.float32],
        y: NDArray[np.float32],
        *,
        batch_size: int,
        epochs: int,
        shuffle: bool,
        verbose: int,
    ) -> Any: ...
    def save(self, filepath: Path) -> None: ...
