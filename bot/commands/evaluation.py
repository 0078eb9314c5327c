"""`nugu evaluate`: the recognition of a folder of photos as a table, JSON or a chart. No database, no network."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np

from bot.commands import terminal
from bot.errors import OperatorError
from bot.infra.private_files import make_user_folder
from bot.jobs import example_problem, largest_first, load_engine
from bot.media.archives.photo_folders import files_below
from bot.media.pictures.opening import open_picture
from bot.media.pictures.refusals import PictureError, PictureLimits
from bot.text.formatting import counted
from models.drawing.charts import evaluation_chart
from models.engines import UnknownEngineError, weights_of
from models.faces import MIN_EXAMPLE_WIDTH
from models.learning.evaluation import FPIRS, Evaluation, MeanAndDeviation, evaluate
from models.learning.samples import THUMBNAIL_SIDE, EvaluationSet, thumbnail
from models.recognition.gallery import GalleryMember
from models.recognition.recogniser import fit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from bot.settings import Settings
    from models.engines import Engine
    from models.faces import Encodings

Labelled = dict[tuple[str, str], list["Path"]]
"""Files of each (group, member)."""


@dataclass(frozen=True, slots=True, eq=False)
class EncodedPhoto:
    """The largest face of a photo: its encoding (d,), its `thumbnail`, and whether a gallery would take it."""

    encoding: NDArray[np.float32]
    thumbnail: NDArray[np.float32]
    enrollable: bool


class CachingEncoder:
    """Encodes each photo once, however many folders it lies in."""

    def __init__(self, engine: Engine, limits: PictureLimits) -> None:
        self.engine = engine
        self._limits = limits
        self._seen: dict[bytes, EncodedPhoto | None] = {}

    def encode(self, path: Path) -> tuple[bytes, EncodedPhoto | None]:
        """The photo's hash and its largest face. None, with a line on stderr, for a photo without a face."""
        try:
            data = path.read_bytes()
        except OSError as error:
            raise OperatorError(
                "{path} can't be read ({reason}).", path=str(path), reason=error.strerror or ""
            ) from error
        key = sha256(data).digest()
        if key not in self._seen:
            self._seen[key] = self._detect(path, data)
        return key, self._seen[key]

    def _detect(self, path: Path, data: bytes) -> EncodedPhoto | None:
        try:
            opened = open_picture(data, limits=self._limits)
        except PictureError as error:
            terminal.print_errors(f"left out: {path}: {error}")
            return None
        faces = largest_first(self.engine.detect(opened.pixels))
        if not faces:
            terminal.print_errors(f"left out: {path}: I see no face in it")
            return None
        encoding = self.engine.encode(opened.pixels, faces[:1])[0]
        chip = self.engine.chips(opened.pixels, faces[:1])[0]
        return EncodedPhoto(encoding, thumbnail(chip), example_problem(opened, faces, self.engine) is None)


def evaluate_folders(
    settings: Settings,
    gallery: Path,
    probes: Path,
    strangers: Sequence[Path],
    *,
    engine: str,
    photos: int | None,
    trials: int,
    as_json: bool,
    out: Path | None,
) -> bool:
    """Print the figures of each group of `gallery`, and draw them into `out`, one PNG a group.

    Distance alone gives the names. A group that can't be evaluated gets a line on stderr. True when every group could be.
    """
    encoder = make_encoder(settings, engine)
    enrolled, asked = photos_by_member(gallery), photos_by_member(probes)
    groups = list(dict.fromkeys(group for group, _ in enrolled))
    if not groups:
        raise OperatorError(
            "There are no photos in {gallery}; I look for GROUP/MEMBER/* or MEMBER/* in it.", gallery=str(gallery)
        )
    others = {folder.name: _files(folder) for folder in strangers}
    for folder, files in zip(strangers, others.values(), strict=True):
        if not files:
            raise OperatorError("There are no photos in {folder}.", folder=str(folder))
    if out is not None:
        make_user_folder(out)
    all_evaluated = True
    for group in groups:
        sample = read_sample(encoder, group, enrolled, asked, others)
        try:
            evaluation = evaluate(sample, fit, photos=photos, trials=trials)
        except ValueError as error:
            terminal.print_errors(
                f"nugu: {group} can't be evaluated: {error}. --photos 5 enrols five a member and asks about the others; "
                "every member needs a photo of one clear, sharp face that is at least "
                f"{MIN_EXAMPLE_WIDTH} pixels wide."
            )
            all_evaluated = False
            continue
        exhausted = photos is None or evaluation.photos < photos
        if exhausted and gallery.resolve() == probes.resolve():
            terminal.print_errors(
                f"nugu: every photo of {group} that can be enrolled is, so only the {evaluation.probes:.0f} that can't are "
                "asked about. Fewer --photos leave more."
            )
        if as_json:
            terminal.print_json(as_record(group, evaluation))
        else:
            terminal.print_lines(*table(group, evaluation).splitlines())
        if out is not None:
            terminal.write_file(out / f"{group}-evaluation.png", evaluation_chart(group, evaluation))
    return all_evaluated


def make_encoder(settings: Settings, engine: str) -> CachingEncoder:
    """An encoder by the engine of that name. Raises OperatorError when there is none, or it can't be loaded."""
    try:
        weights_of(engine)
    except UnknownEngineError as error:
        raise OperatorError("{reason}.", reason=str(error).capitalize()) from error
    loaded = load_engine(engine, (settings.data / "engines").absolute())
    return CachingEncoder(loaded, PictureLimits(max_bytes=settings.picture_bytes, max_pixels=settings.picture_pixels))


def photos_by_member(folder: Path) -> Labelled:
    """Photos by group and member: `folder` holds GROUP/MEMBER/*, or MEMBER/* of the group with the folder's name."""
    found: Labelled = {}
    for parts, path in files_below(folder):
        if len(parts) > 1:
            label = (parts[0], parts[1]) if len(parts) > 2 else (folder.resolve().name, parts[0])
            found.setdefault(label, []).append(path)
    return found


def read_sample(
    encoder: CachingEncoder, group: str, enrolled: Labelled, asked: Labelled, strangers: Mapping[str, Sequence[Path]]
) -> EvaluationSet:
    """The sample for `group`: its members' photos. Everybody else of `asked` and all `strangers` are strangers.

    `asked` may call the group otherwise: see `_matching`.
    """
    names = [name for group_name, name in enrolled if group_name == group]
    roster = tuple(GalleryMember(i, name, 1, group) for i, name in enumerate(names))
    number = {name: i for i, name in enumerate(names)}
    matching = _matching(group, names, enrolled, asked)
    rows: list[tuple[Path, int, bool, bool]] = []
    for (group_name, name), files in enrolled.items():
        if group_name == group:
            rows += [(path, number[name], True, False) for path in files]
    sources: list[str] = []
    for (group_name, name), files in asked.items():
        person = number.get(name) if group_name == matching else None
        if person is None:
            person = -1 - _index(sources, group_name)
        rows += [(path, person, False, True) for path in files]
    for source, files in strangers.items():
        rows += [(path, -1 - _index(sources, source), False, True) for path in files]
    return _encode(encoder, rows, roster, tuple(sources))


def table(group: str, evaluation: Evaluation) -> str:
    """The figures of one group as percentages: mean ± deviation over trials."""
    rows = [
        ("right person likeliest (rank-1)", evaluation.rank_1),
        *(
            (f"right names at {fpir:.0%} strangers named (TPIR)", figure)
            for fpir, figure in zip(FPIRS, evaluation.tpir, strict=True)
        ),
        ("right name, at the bot's own thresholds", evaluation.right),
        ("wrong name", evaluation.wrong),
        *(
            (f"strangers named: {source}", figure)
            for source, figure in zip(evaluation.sources, evaluation.strangers_named, strict=True)
        ),
        ("calibration error (ECE), members", evaluation.calibration_error),
        ("calibration error, members and strangers", evaluation.calibration_error_with_strangers),
    ]
    strangers = ", ".join(
        f"{source} {count:.0f}" for source, count in zip(evaluation.sources, evaluation.strangers, strict=True)
    )
    head = (
        f"{group}, {evaluation.version}: {counted(len(evaluation.members), 'member')}, {evaluation.photos:.1f} photos each, "
        f"{evaluation.probes:.0f} photos asked about, strangers: {strangers or 'none'}; trials: {evaluation.trials}"
    )
    width = max(len(label) for label, _ in rows)
    return "\n".join([head, *(f"  {label:<{width}}  {_percent(figure)}" for label, figure in rows)])


def as_record(group: str, evaluation: Evaluation) -> dict[str, Any]:
    """The JSON object of one group; shares in [0, 1], None where there was nothing to measure."""
    return {
        "group": group,
        "engine": evaluation.version,
        "trials": evaluation.trials,
        "photos": round(evaluation.photos, 2),
        "probes": round(evaluation.probes, 2),
        "strangers": dict(zip(evaluation.sources, (round(count, 2) for count in evaluation.strangers), strict=True)),
        "rank_1": _pair(evaluation.rank_1),
        "tpir": {str(fpir): _pair(figure) for fpir, figure in zip(FPIRS, evaluation.tpir, strict=True)},
        "right": _pair(evaluation.right),
        "wrong": _pair(evaluation.wrong),
        "strangers_named": {
            source: _pair(figure) for source, figure in zip(evaluation.sources, evaluation.strangers_named, strict=True)
        },
        "ece": _pair(evaluation.calibration_error),
        "ece_with_strangers": _pair(evaluation.calibration_error_with_strangers),
        "confusion": {
            "rows": [*(member.name for member in evaluation.members), *evaluation.sources],
            "columns": [*(member.name for member in evaluation.members), None],
            "counts": evaluation.confusion.tolist(),
        },
    }


def _matching(group: str, names: Sequence[str], enrolled: Labelled, asked: Labelled) -> str | None:
    """The group of `asked` that is `group`: by its name, or as the only group on both sides with a member in common."""
    groups = dict.fromkeys(asked_group for asked_group, _ in asked)
    if group in groups:
        return group
    single = len(groups) == 1 and len({enrolled_group for enrolled_group, _ in enrolled}) == 1
    only = next(iter(groups), None)
    return only if single and any((only, name) in asked for name in names) else None


def _index(sources: list[str], source: str) -> int:
    if source not in sources:
        sources.append(source)
    return sources.index(source)


def _encode(
    encoder: CachingEncoder,
    rows: Iterable[tuple[Path, int, bool, bool]],
    roster: tuple[GalleryMember, ...],
    sources: tuple[str, ...],
) -> EvaluationSet:
    """Rows are (file, person, may be enrolled, may be a probe). Two rows with the same photo of a person become one."""
    seen: dict[tuple[bytes, int], tuple[EncodedPhoto, bool, bool]] = {}
    with terminal.progress(counts=True) as progress:
        for path, person, enrol, probe in progress.track(list(rows), description="looking"):
            key, face = encoder.encode(path)
            if face is not None:
                _, enrolled, probed = seen.get((key, person), (face, False, False))
                seen[key, person] = (face, enrolled or enrol, probed or probe)
    encodings: Encodings = np.zeros((len(seen), encoder.engine.dimensions), np.float32)
    thumbnails = np.zeros((len(seen), THUMBNAIL_SIDE**2), np.float32)
    for row, (face, _, _) in enumerate(seen.values()):
        encodings[row], thumbnails[row] = face.encoding, face.thumbnail
    return EvaluationSet(
        encodings,
        thumbnails,
        np.array([person for _, person in seen], np.int64),
        np.array([enrol and face.enrollable for face, enrol, _ in seen.values()], np.bool_),
        np.array([probe for _, _, probe in seen.values()], np.bool_),
        roster,
        sources,
        encoder.engine.version,
    )


def _files(folder: Path) -> list[Path]:
    return [path for _, path in files_below(folder)]


def _percent(figure: MeanAndDeviation) -> str:
    return "—" if np.isnan(figure.mean) else f"{100 * figure.mean:5.1f} ± {100 * figure.deviation:.1f}%"


def _pair(figure: MeanAndDeviation) -> dict[str, float] | None:
    if np.isnan(figure.mean):
        return None
    return {"mean": round(figure.mean, 4), "deviation": round(figure.deviation, 4)}
