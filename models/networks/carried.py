"""Networks in packages of the index. A package is a carrier alone: nothing of it is imported or run."""

from __future__ import annotations

import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class CarriedNetwork:
    """An ONNX file with block-quantised weights in an installed package.

    `path`: relative to the package. `sha256`: of the file. `values`: of the dequantised weights, see `dequantised`.
    """

    package: str
    path: str
    sha256: str
    values: str

    def find(self) -> Path | None:
        """The path of the file, None where the package or the file isn't there. The package is not imported."""
        spec = importlib.util.find_spec(self.package)
        places = spec.submodule_search_locations if spec is not None else None
        found = [place for place in (Path(folder, self.path) for folder in places or ()) if place.is_file()]
        return found[0] if found else None

    def read(self) -> bytes:
        """The network with float32 weights, as an ONNX file. Raises OSError for another file than the one that is known."""
        path = self.find()
        if path is None:
            raise FileNotFoundError(f"{self.package} has no {self.path}")
        data = path.read_bytes()
        if hashlib.sha256(data).hexdigest() != self.sha256:
            raise OSError(f"{path} is another file than the one that nugu knows")
        from models.networks.dequantised import dequantised

        network = dequantised(data)
        if network.values != self.values:
            raise OSError(f"the weights of {path} are others than those that nugu knows")
        return network.data
