"""The part of scipy.stats that models/learning/report.py calls; scipy ships no types."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

class MannwhitneyuResult:
    pvalue: np.float64

def mannwhitneyu(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    *,
    alternative: Literal["less", "greater", "two-sided"],
    method: Literal["auto", "exact", "asymptotic"],
) -> MannwhitneyuResult: ...
