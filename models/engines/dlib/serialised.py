"""A parser of dlib's face ResNet, in the format of dlib's `serialize()`.

The format is in dlib/serialize.h, dlib/dnn/core.h and dlib/dnn/layers.h. The layers are nested: first come all version numbers,
from the top down, then the details of the layers, from the input up. The parser accounts for every byte, so it refuses other
networks and truncated files.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

CHIP = 150
"""Side of the network's square input, in pixels."""

DIMENSIONS = 128
"""Length of the network's output."""

CONVOLUTIONS = 29


class MalformedModelError(ValueError):
    """The file is not dlib's face recognition ResNet."""


@dataclass(frozen=True, slots=True, eq=False)
class SerialisedLayer:
    """One layer.

    `kind`: dlib's name. `settings`: whole numbers in the order of the file: for con_4 (filters, rows, columns, stride y,
    stride x, padding y, padding x); for pools the same without filters; for fc_2 (outputs, inputs); else empty. `parameters`:
    flat float32, may be empty. The kind "mark" is a tag or a skip, which are the same in the file.
    """

    kind: str
    settings: tuple[int, ...]
    parameters: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class SerialisedNetwork:
    """A parsed network. `mean_colour`: (red, green, blue), subtracted first. `layers`: from the input up."""

    mean_colour: tuple[float, float, float]
    layers: tuple[SerialisedLayer, ...]


def read_network(data: bytes) -> SerialisedNetwork:
    """Parse the serialised network.

    Raises MalformedModelError when `data` isn't exactly dlib's metric network of 29 convolutions on 150 px chips.
    """
    reader = _Reader(data)
    reader.expect_integer(1, "version of the loss layer")
    reader.expect_text("loss_metric_2")
    reader.decimal()
    reader.decimal()

    versions = [reader.integer()]
    while versions[-1] != _INNERMOST:
        if versions[-1] not in {_MARK, _LAYER}:
            raise MalformedModelError(f"unknown layer version {versions[-1]} at byte {reader.position}")
        versions.append(reader.integer())

    reader.expect_text("input_rgb_image_sized")
    mean_colour = (reader.decimal(), reader.decimal(), reader.decimal())
    reader.expect_integer(CHIP, "rows of the input")
    reader.expect_integer(CHIP, "columns of the input")
    layers = [reader.layer()]
    reader.expect_integer(1, "copies of each picture")
    layers += [_TAG if version == _MARK else reader.layer() for version in reversed(versions[:-1])]
    reader.expect_end()

    convolutions = sum(layer.kind == "con_4" for layer in layers)
    if convolutions != CONVOLUTIONS or layers[-1].kind != "fc_2" or layers[-1].settings[0] != DIMENSIONS:
        raise MalformedModelError(f"{convolutions} convolutions below {layers[-1].kind}, not {CONVOLUTIONS} below fc_2")
    return SerialisedNetwork(mean_colour, tuple(layers))


_MARK, _LAYER, _INNERMOST = 1, 2, 3
_TAG = SerialisedLayer("mark", (), np.empty(0, np.float32))
_POOL_SETTINGS = 6
_CON_SETTINGS = 7


class _Reader:
    """Reads values of dlib's stream in order."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.position = 0

    def _take(self, count: int) -> bytes:
        taken = self._data[self.position : self.position + count]
        if len(taken) < count:
            raise MalformedModelError(f"ends at byte {len(self._data)} in the middle of a value")
        self.position += count
        return taken

    def integer(self) -> int:
        """One control byte (low nibble: bytes that follow; high bit: negative), then the number, little-endian."""
        control = self._take(1)[0]
        count = control & 0x0F
        if not 1 <= count <= 8 or control & 0x70:
            raise MalformedModelError(f"no whole number at byte {self.position - 1}")
        value = int.from_bytes(self._take(count), "little")
        return -value if control & 0x80 else value

    def decimal(self) -> float:
        """A mantissa and a power of two, as whole numbers."""
        mantissa = self.integer()
        return float(np.ldexp(float(mantissa), self.integer()))

    def text(self) -> str:
        return self._take(self.integer()).decode("latin-1")

    def tensor(self) -> NDArray[np.float32]:
        """Version 2, four extents, then as many little-endian floats as their product; flat."""
        self.expect_integer(2, "version of a tensor")
        count = self._product()
        values = np.frombuffer(self._take(4 * count), "<f4").astype(np.float32)
        if not np.isfinite(values).all():
            raise MalformedModelError(f"parameters that are no numbers before byte {self.position}")
        return values

    def layer(self) -> SerialisedLayer:
        """The details of one layer, and the training state after them."""
        kind = self.text()
        settings: tuple[int, ...] = ()
        parameters = _TAG.parameters
        if kind == "con_4":
            parameters = self.tensor()
            settings = self._integers(_CON_SETTINGS)
            self._aliases_and_multipliers()
        elif kind == "affine_":
            parameters = self.tensor()
            self._alias()
            self._alias()
            self.integer()
        elif kind in {"max_pool_2", "avg_pool_2"}:
            settings = self._integers(_POOL_SETTINGS)
        elif kind == "fc_2":
            settings = self._integers(2)
            parameters = self.tensor()
            self._alias()
            self._alias()
            self.expect_integer(1, "bias mode of fc_2 (none)")
            self._multipliers()
        elif kind not in {"relu_", "add_prev_"}:
            raise MalformedModelError(f"unknown layer {kind!r} before byte {self.position}")
        self._training_state()
        return SerialisedLayer(kind, settings, parameters)

    def expect_integer(self, wanted: int, what: str) -> None:
        found = self.integer()
        if found != wanted:
            raise MalformedModelError(f"{what} is {found}, not {wanted}")

    def expect_text(self, wanted: str) -> None:
        found = self.text()
        if found != wanted:
            raise MalformedModelError(f"{found!r} where {wanted!r} should be")

    def expect_end(self) -> None:
        if self.position != len(self._data):
            raise MalformedModelError(f"{len(self._data) - self.position} bytes too many")

    def _integers(self, count: int) -> tuple[int, ...]:
        return tuple(self.integer() for _ in range(count))

    def _product(self) -> int:
        extents = self._integers(4)
        if min(extents) < 0:
            raise MalformedModelError(f"extents {extents} before byte {self.position}")
        return extents[0] * extents[1] * extents[2] * extents[3]

    def _alias(self) -> None:
        self.expect_integer(1, "version of an alias tensor")
        self._product()

    def _multipliers(self) -> None:
        for _ in range(4):
            self.decimal()

    def _aliases_and_multipliers(self) -> None:
        self._alias()
        self._alias()
        self._multipliers()

    def _training_state(self) -> None:
        flags = self._take(3)
        if not set(flags) <= set(b"01"):
            raise MalformedModelError(f"no flags before byte {self.position}")
        for _ in range(3):
            self.tensor()
