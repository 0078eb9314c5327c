"""The part of scipy.special that models/calibration.py calls; scipy ships no types."""

import numpy as np
from numpy.typing import NDArray

def expit(x: NDArray[np.float64]) -> NDArray[np.float64]: ...
