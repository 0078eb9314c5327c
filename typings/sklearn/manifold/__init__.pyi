from typing import Literal

import numpy as np
from numpy.typing import NDArray

class TSNE:
    def __init__(
        self,
        *,
        perplexity: float = ...,
        init: NDArray[np.float32] = ...,
        random_state: int = ...,
        method: Literal["exact", "barnes_hut"] = ...,
        n_jobs: int = ...,
    ) -> None: ...
    def fit_transform(self, X: NDArray[np.float64]) -> NDArray[np.float32]: ...  # noqa: N803
