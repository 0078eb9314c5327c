"""A video with cropping, rotation and HLG: its clip looks as a player shows it, with names at the faces and its sound."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tests.stories.clip_steps import clip_in
from tests.stories.conftest import Stage
from tests.stories.reading import texts
from tests.support.films import ffmpeg, frames_of, loudness_of, with_aperture
from tests.support.videos import video_of

GROUND = (40, 160, 40)
"""The plain colour around the photos: a green that another matrix would make another one."""

PHOTOS = {
    "obama2.jpg": ((100, 100, 626, 680), (36, 126, 127, 217)),
    "biden.jpg": ((200, 0, 900, 770), (71, 121, 147, 197)),
}
"""What is shown of the photos, and where the face lies in a frame with it: left, top, right, bottom."""

SECONDS, RATE = 1.4, 10
"""Of each half."""

IN_HLG = (
    "format=gbrp,setparams=color_primaries=bt709:color_trc=iec61966-2-1:colorspace=gbr:range=full,"
    "zscale=transfer=linear:npl=203,format=gbrpf32le,"
    "zscale=primaries=bt2020:transfer=arib-std-b67:matrix=bt2020nc:range=limited:npl=203,format=yuv420p10le,"
    "setparams=color_primaries=unknown:colorspace=unknown"
)
"""Colours of HLG whose tags name the transfer alone."""


def upright(photo: Path, part: tuple[int, int, int, int]) -> Image.Image:
    """A frame as a player shows it, 240 pixels wide and 320 high."""
    frame = Image.new("RGB", (240, 320), GROUND)
    with Image.open(photo) as picture:
        frame.paste(picture.convert("RGB").crop(part).resize((160, 176)), (20, 70))
    return frame


def in_matroska(frame: Image.Image, folder: Path) -> bytes:
    """A Matroska video of the frame, rotated, with a cropped grey border, and a tone from 0.6 to 1.1 s."""
    coded = Image.new("RGB", (400, 272), "gray")
    coded.paste(frame.transpose(Image.Transpose.ROTATE_90), (64, 24))
    coded.save(folder / "coded.png")
    picture = ("-display_rotation", "-90", "-noautorotate", "-loop", "1", "-r", str(RATE), "-t", str(SECONDS))
    tone = f"sine=440:sample_rate=44100:d={SECONDS},volume=0:enable='not(between(t,0.6,1.1))'"
    inputs = (*picture, "-i", folder / "coded.png", "-f", "lavfi", "-i", tone)
    coding = ("-vf", IN_HLG, "-c:v", "libx264", "-qp", "12", "-preset", "ultrafast", "-c:a", "aac")
    ffmpeg(*inputs, *coding, folder / "half.mp4")
    ffmpeg("-i", with_aperture(folder / "half.mp4", 320, 240, 24, 8), "-map", "0", "-c", "copy", folder / "half.mkv")
    return (folder / "half.mkv").read_bytes()


def as_sdr(frame: Image.Image) -> NDArray[np.float64]:
    """A frame through HLG and back by Reinhard's curve. White is 1,000 nits, against 203 in SDR."""
    light = (np.asarray(frame) / 255) ** 2.2
    light *= (1 + 203 / 1000) / (1 + light.max(2, keepdims=True))
    return 255 * light ** (1 / 2.2)


def extent(mask: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Left, top, right and bottom of the true pixels."""
    rows, columns = (np.flatnonzero(mask.any(axis)) for axis in (1, 0))
    return np.array([columns[0], rows[0], columns[-1], rows[-1]])


@pytest.mark.thorough
@pytest.mark.usefixtures("dlib_in_use")
async def test_a_joined_hlg_video_that_is_cropped_and_turned(stage: Stage, tmp_path: Path) -> None:
    shown = [upright(stage.photos / name, part) for name, (part, _) in PHOTOS.items()]
    film = b"".join(in_matroska(frame, tmp_path) for frame in shown)
    await stage.enrol_presidents()
    await stage.fan.slash(stage.channel, "clip", video=("white house.mkv", film))
    clip = await clip_in(stage)
    assert "① **Obama**" in texts(clip)
    assert "② **Biden**" in texts(clip)
    (tmp_path / "clip.mp4").write_bytes(await clip.attachments[0].read())
    frames = list(frames_of(tmp_path / "clip.mp4"))

    # Neither half lost a frame, and the second follows the first.
    each = round(SECONDS * RATE)
    assert len(frames) == 2 * each
    assert frames[-1].time - frames[0].time == pytest.approx(2 * SECONDS - 1 / RATE, abs=0.1)
    halves = (frames[:each], frames[each:])
    for half, frame, (_, face) in zip(halves, shown, PHOTOS.values(), strict=True):
        expected = as_sdr(frame)
        for picture in (decoded.picture() for decoded in half):
            assert picture.shape == expected.shape
            assert np.abs(picture[300, 20:220] - expected[300, 20:220]).max() <= 5
            # A box surrounds the face, the name stands right above it, and the rest is unchanged.
            drawn = np.abs(picture - expected).max(2) > 80
            left, top, right, bottom = extent(drawn) - face
            assert max(abs(left), abs(right), abs(bottom)) <= 12
            assert -40 <= top <= -10
            assert not drawn[face[1] + 12 : face[3] - 12, face[0] + 12 : face[2] - 12].any()

    # The sound of each half plays with its own pictures.
    times, loudness = loudness_of(tmp_path / "clip.mp4")
    since = [times - half[0].time for half in halves]
    assert all(loudness[(seconds > 0.65) & (seconds < 1.05)].min() > 0.02 for seconds in since)
    assert loudness[np.all([(seconds < 0.55) | (seconds > 1.15) for seconds in since], axis=0)].max() < 0.02


@pytest.mark.thorough
async def test_unreadable_sound_gets_a_note_under_the_clip(stage: Stage, tmp_path: Path) -> None:
    readable = video_of([stage.photos / "obama2.jpg"], tmp_path / "readable.mp4")
    ffmpeg("-i", readable, "-c:v", "copy", "-c:a", "ac3", "-bsf:a", "noise=amount=1", tmp_path / "film.mkv")
    await stage.enrol_presidents()
    await stage.fan.slash(stage.channel, "clip", video=("white house.mkv", (tmp_path / "film.mkv").read_bytes()))
    clip = await clip_in(stage)
    assert "① **Obama**" in texts(clip)
    assert "I can't read this video's sound (ac3), so the clip is silent." in texts(clip)
    (tmp_path / "clip.mp4").write_bytes(await clip.attachments[0].read())
    with av.open(tmp_path / "clip.mp4") as container:
        assert not container.streams.audio


async def test_an_unreadable_recording_gets_a_note_under_the_clip(stage: Stage, tmp_path: Path) -> None:
    whole = video_of([stage.photos / "obama2.jpg"], tmp_path / "whole.mp4", seconds=0.4)
    unread, unheard = tmp_path / "unread.mp4", tmp_path / "unheard.mp4"
    ffmpeg("-i", whole, "-c:v", "jpeg2000", unread)
    ffmpeg("-i", whole, "-c:v", "copy", "-c:a", "truehd", "-strict", "-2", unheard)
    film = b"".join(path.read_bytes() for path in (whole, unread, unheard))
    await stage.enrol_presidents()
    await stage.fan.slash(stage.channel, "clip", video=("white house.mp4", film))
    clip = await clip_in(stage)
    assert "Part 2 of 3 of this file can't be read, so the clip goes on without it." in texts(clip)
    assert "The sound of part 3 of 3 of this file can't be read, so the clip is silent there." in texts(clip)
    (tmp_path / "clip.mp4").write_bytes(await clip.attachments[0].read())
    assert len(list(frames_of(tmp_path / "clip.mp4"))) == 20
