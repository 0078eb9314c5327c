"""Which map separates members best? `python -m bench.maps [SHARED]` prints the figures of docs/measured.md.

All photos of each group of ../shared/faces, laid out by each method, t-SNE and UMAP also with other numbers of neighbours. The
output has silhouettes, and the share of photos for which most of the five nearest on the map are of the same member (5-NN,
leave-one-out).
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from sklearn.model_selection import LeaveOneOut, cross_val_score
from sklearn.neighbors import KNeighborsClassifier

from bench.recognition import installed
from bot.commands.evaluation import CachingEncoder, photos_by_member, read_sample
from bot.media.pictures.refusals import PictureLimits
from models.engines import DEFAULT
from models.faces import ProjectionMethod
from models.recognition.gallery import Gallery
from models.similarity import maps

if TYPE_CHECKING:
    from models.engines import Engine

_ROOT = Path(__file__).resolve().parents[1]
TRIED = (5, 10, 15, 20, 30)


def line(gallery: Gallery, projection: ProjectionMethod) -> str:
    """Silhouette, photos with a negative one, 5-NN accuracy, and seconds."""
    began = time.perf_counter()
    found = maps.lay_out(gallery, projection)
    seconds = time.perf_counter() - began
    values, _ = maps.silhouettes(found.points, found.members)
    nearest = cross_val_score(KNeighborsClassifier(5), found.points, found.members, cv=LeaveOneOut()).mean()
    return f"silhouette {values.mean():5.2f}  negative {(values < 0).sum():3d}  5-NN {nearest:6.1%}  {seconds:5.1f} s"


def report(faces: Path, engine: Engine) -> None:
    """Print a table a group."""
    groups = photos_by_member(faces / "groups")
    encoder = CachingEncoder(engine, PictureLimits())
    for group in sorted({group for group, _ in groups}, reverse=True):
        own = {key: files for key, files in groups.items() if key[0] == group}
        sample = read_sample(encoder, group, own, own, {})
        gallery = sample.gallery(sample.enrollable)
        print(f"\n{group}, {engine.version}: {len(gallery.labels)} photos of {len(gallery.members)} members")
        print(f"  {'PCA':<16}  {line(gallery, ProjectionMethod.PCA)}", flush=True)
        for projection, setting in ((ProjectionMethod.TSNE, "PERPLEXITY"), (ProjectionMethod.UMAP, "NEIGHBOURS")):
            usual = getattr(maps, setting)
            for number in TRIED:
                setattr(maps, setting, number)
                mark = " *" if number == usual else ""
                print(f"  {f'{projection.label} {number}{mark}':<16}  {line(gallery, projection)}", flush=True)
            setattr(maps, setting, usual)


def main() -> None:
    """Print a table for each group; rows with * are the bot's own settings."""
    parser = argparse.ArgumentParser(prog="python -m bench.maps", description="Which map keeps members apart.")
    parser.add_argument("shared", nargs="?", type=Path, default=_ROOT.parent / "shared")
    parser.add_argument("--engine", default=DEFAULT)
    arguments = parser.parse_args()
    shared: Path = arguments.shared.resolve()
    with TemporaryDirectory() as compiled:
        os.environ["NUMBA_CACHE_DIR"] = compiled
        for engine in installed(shared, [arguments.engine]):
            report(shared / "faces", engine)


if __name__ == "__main__":
    main()
