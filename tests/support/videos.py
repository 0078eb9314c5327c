"""Small videos with sound, made of photos: a shot each."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import imageio_ffmpeg

WIDE, HIGH, RATE = 640, 360, 25


def video_of(photos: Sequence[Path], out: Path, *, seconds: float = 1.0) -> Path:
    """An MP4 (H.264, AAC) that shows each photo whole for so many seconds, over a tone."""
    fit = f"scale={WIDE}:{HIGH}:force_original_aspect_ratio=decrease,pad={WIDE}:{HIGH}:-1:-1,setsar=1,fps={RATE}"
    shots = [f"[{n}:v]{fit}[s{n}]" for n in range(len(photos))]
    joined = "".join(f"[s{n}]" for n in range(len(photos))) + f"concat=n={len(photos)}[v]"
    inputs = [part for photo in photos for part in ("-loop", "1", "-t", str(seconds), "-i", str(photo))]
    tone = ("-f", "lavfi", "-t", str(seconds * len(photos)), "-i", "sine=frequency=220")
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-y", *inputs, *tone]
    command += ["-filter_complex", ";".join([*shots, joined]), "-map", "[v]", "-map", f"{len(photos)}:a"]
    command += ["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-c:a", "aac", str(out)]
    subprocess.run(command, check=True, timeout=60)
    return out
