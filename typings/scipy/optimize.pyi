"""The part of scipy.optimize that models/ calls; scipy ships no types."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

class OptimizeResult:
    x: NDArray[np.float64]

def linear_sum_assignment(
    cost_matrix: NDArray[np.float64], maximize: bool = False
) -> tuple[NDArray[np.int64], NDArray[np.int64]]: ...
def minimize(
    fun: Callable[[NDArray[np.float64]], tuple[float, NDArray[np.float64]]],
    x0: NDArray[np.float64],
    *,
    jac: bool,
    method: str,
) -> OptimizeResult: ...
