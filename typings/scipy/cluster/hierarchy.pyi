"""The part of scipy.cluster.hierarchy that models/cast.py calls; scipy ships no types."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

def linkage(y: NDArray[np.float64], method: Literal["average"]) -> NDArray[np.float64]: ...
def fcluster(tree: NDArray[np.float64], /, t: float, criterion: Literal["distance"]) -> NDArray[np.int32]: ...
