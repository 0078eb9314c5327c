"""The part of scipy.optimize that models/recognition.py calls; scipy ships no types."""

import numpy as np
from numpy.typing import NDArray

def linear_sum_assignment(
    cost_matrix: NDArray[np.float64], maximize: bool = False
) -> tuple[NDArray[np.int64], NDArray[np.int64]]: ...
