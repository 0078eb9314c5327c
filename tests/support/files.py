"""Files as tests look at them."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def permissions(path: Path) -> int:
    """The permission bits of a file, such as 0o600."""
    return stat.S_IMODE(path.stat().st_mode)
