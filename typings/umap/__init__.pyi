"""The part of umap-learn that is called; its wheel ships no types."""

import numpy as np
from numpy.typing import NDArray

class UMAP:
    def __init__(
        self,
        *,
        n_neighbors: int = ...,
        min_dist: float = ...,
        init: NDArray[np.float32] = ...,
        random_state: int = ...,
        n_jobs: int = ...,
    ) -> None: ...
    def fit_transform(self, X: NDArray[np.float64]) -> NDArray[np.float32]: ...  # noqa: N803
