"""How well a gallery is recognised: seeded trials on photos that it doesn't hold, members and strangers apart.

Words as in ISO/IEC 19795 and NIST's FRVT 1:N: rank-1 (closed set), TPIR at FPIR (open set).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from models.encodings.copies import ONE_FACE
from models.recognition.gallery import Gallery

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from models.faces import Encodings
    from models.recognition.gallery import GalleryMember
    from models.recognition.recogniser import Identification

LOOK_SIDE = 32
"""Pixels of a side of the small grey chip by which two photos are told to be one."""

ONE_PHOTO = 0.96
"""Correlation of two small grey chips, one of them mirrored or not, from which they are one photo, cut or saved anew.

On ../shared/faces photos of two people reach 0.947. Of 40 photos saved again at JPEG quality 60, one stays below when made
two thirds as large, two when cut, two when brighter.
"""

FPIRS = (0.01, 0.05)
"""Shares of strangers named at which the TPIR is told."""

CURVE = tuple(float(fpir) for fpir in np.geomspace(0.003, 1.0, 40))
"""Shares of strangers named at which the curve is drawn."""

BINS = 10
"""Bins of confidence, of equal width, for the calibration error (Naeini et al. 2015; Guo et al. 2017)."""


class Recognises(Protocol):
    """What is evaluated: `models.recognition.recogniser.Recogniser`, or a rule to compare it with."""

    def log_odds(self, encodings: Encodings) -> NDArray[np.float64]:
        """A score of each face for each member, in the roster's order: (n, m); higher is likelier."""
        ...

    def identify(self, encodings: Encodings, *, group: int | None = None) -> Identification:
        """The answer for one picture."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """The photos of one evaluation, one face each, all by one engine.

    `encodings`: (n, d) float32, rows of unit length. `looks`: (n, p) float32, one `look` a photo. `people`: (n,) int64, the
    id of a member of `roster`, or -1 - k for a stranger of `sources[k]`. `enrollable`, `probes`: (n,) bool, what may be
    enrolled and what may be asked about; a photo may be both, and is used as one of them in each trial. `roster`: the
    members of one group. Raises ValueError when shapes don't fit together.
    """

    encodings: Encodings
    looks: NDArray[np.float32]
    people: NDArray[np.int64]
    enrollable: NDArray[np.bool_]
    probes: NDArray[np.bool_]
    roster: tuple[GalleryMember, ...]
    sources: tuple[str, ...]
    version: str

    def __post_init__(self) -> None:
        count = len(self.encodings)
        lengths = {len(self.looks), len(self.people), len(self.enrollable), len(self.probes)}
        if lengths != {count}:
            raise ValueError(f"{count} encodings, but {sorted(lengths)} looks, people and flags")

    def one_photo(self, places: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Which photos show the very photo, or a copy, of each of those at `places` (k,): (n, k)."""
        looks = self.looks[places]
        mirrored = looks.reshape(-1, LOOK_SIDE, LOOK_SIDE)[:, :, ::-1].reshape(looks.shape)
        alike = np.maximum(self.looks @ looks.T, self.looks @ mirrored.T) >= ONE_PHOTO
        return alike | (self.encodings @ self.encodings[places].T >= ONE_FACE.get(self.version, np.inf))


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What became of the probes of one trial.

    `truth`: (n,) int64, the member's place in the roster, or -1 - k for a stranger of source k. `likeliest`: (n,) int64,
    the place of the member with the highest score. `scores`: (n,) float64, that score. `named`: (n,) int64, the place of
    the member that was named at the recogniser's own threshold, or -1. `confidences`: (n,) float64, of `likeliest`.
    """

    truth: NDArray[np.int64]
    likeliest: NDArray[np.int64]
    scores: NDArray[np.float64]
    named: NDArray[np.int64]
    confidences: NDArray[np.float64]

    def rank_1(self) -> float:
        """Share of members' photos whose likeliest member is the right one."""
        return _share((self.likeliest == self.truth)[self.truth >= 0])

    def tpir(self, fpir: float) -> float:
        """Share of members' photos named right at the lowest threshold that names at most `fpir` of the strangers.

        nan without strangers.
        """
        strangers = np.sort(self.scores[self.truth < 0])[::-1]
        if not strangers.size:
            return float("nan")
        passing = int(fpir * len(strangers) + 1e-9)
        # Above the first stranger who must not pass: strictly, so that equal scores don't either.
        threshold = strangers[passing] if passing < len(strangers) else -np.inf
        right = (self.likeliest == self.truth) & (self.scores > threshold)
        return _share(right[self.truth >= 0])

    def right(self) -> float:
        """Share of members' photos that get their name, at the recogniser's own thresholds."""
        return _share((self.named == self.truth)[self.truth >= 0])

    def wrong(self) -> float:
        """Share of members' photos that get another member's name."""
        return _share(((self.named != self.truth) & (self.named >= 0))[self.truth >= 0])

    def strangers_named(self, source: int) -> float:
        """Share of the strangers of one source that get a name."""
        return _share((self.named >= 0)[self.truth == -1 - source])

    def calibration_error(self, *, strangers: bool) -> float:
        """Expected calibration error of the likeliest member's confidence.

        Over members' photos; with `strangers`, over these and the strangers, weighing as much in all as the members do, and nan
        where there are none.
        """
        members = self.truth >= 0
        if strangers and members.all():
            return float("nan")
        weights = members / max(members.sum(), 1)
        if strangers:
            weights = (weights + ~members / (~members).sum()) / 2
        bins = np.minimum((self.confidences * BINS).astype(np.int64), BINS - 1)
        gaps = weights * (self.confidences - (self.likeliest == self.truth))
        return float(np.abs(np.bincount(bins, gaps, BINS)).sum())

    def confusion(self, members: int, sources: int) -> NDArray[np.int64]:
        """Counts (members + sources, members + 1): a row a member and a source, a column a name given, and nobody."""
        counts = np.zeros((members + sources, members + 1), np.int64)
        rows = np.where(self.truth >= 0, self.truth, members - 1 - self.truth)
        np.add.at(counts, (rows, np.where(self.named >= 0, self.named, members)), 1)
        return counts


@dataclass(frozen=True, slots=True)
class Figure:
    """Mean and standard deviation over trials; the deviation is 0 for a single trial, both are nan without a probe."""

    mean: float
    deviation: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Figure:
        """Of one value a trial."""
        return cls(float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """The figures of one group over all trials.

    `version`: the engine's. `photos`: enrolled a member, on average. `probes`: photos of members asked about a trial, on
    average; `strangers`: the same of each source. `tpir` has one figure for each of `FPIRS`, `strangers_named` one for each
    source. `curve`: the mean TPIR at each FPIR of `CURVE`. `confusion`: counts of all trials together, as in
    `Outcome.confusion`.
    """

    version: str
    roster: tuple[GalleryMember, ...]
    sources: tuple[str, ...]
    trials: int
    photos: float
    probes: float
    strangers: tuple[float, ...]
    rank_1: Figure
    tpir: tuple[Figure, ...]
    right: Figure
    wrong: Figure
    strangers_named: tuple[Figure, ...]
    calibration_error: Figure
    calibration_error_with_strangers: Figure
    curve: tuple[float, ...]
    confusion: NDArray[np.int64]


def look(chip: NDArray[np.uint8]) -> NDArray[np.float32]:
    """A chip (side, side, 3), small and grey, less its mean and of unit length: (LOOK_SIDE²,); see `ONE_PHOTO`."""
    import cv2

    grey = cv2.cvtColor(chip, cv2.COLOR_RGB2GRAY)
    small = cv2.resize(grey, (LOOK_SIDE, LOOK_SIDE), interpolation=cv2.INTER_AREA).astype(np.float32).ravel()
    small -= small.mean()
    return small / max(float(np.linalg.norm(small)), 1e-6)


def evaluate(
    sample: Sample, fit: Callable[[Gallery], Recognises], *, photos: int | None, trials: int, seed: int = 0
) -> Evaluation:
    """Enrol and ask `trials` times.

    `photos`: so many are enrolled a member, drawn anew in each trial; None enrols all. Every member has one at least.
    Raises ValueError when no photo of a member is left to ask about, or a member has none to enrol.
    """
    chances = np.random.default_rng(seed).spawn(trials)
    draws = [draw(sample, photos, chance) for chance in chances]
    outcomes = [ask(sample, fit, enrolled) for enrolled in draws]
    if not any((outcome.truth >= 0).any() for outcome in outcomes):
        raise ValueError("no photo of a member is left to ask about")
    sources = range(len(sample.sources))

    def figure(measure: Callable[[Outcome], float]) -> Figure:
        return Figure.of([measure(outcome) for outcome in outcomes])

    return Evaluation(
        version=sample.version,
        roster=sample.roster,
        sources=sample.sources,
        trials=trials,
        photos=float(np.mean([len(enrolled) for enrolled in draws])) / len(sample.roster),
        probes=figure(lambda outcome: (outcome.truth >= 0).sum()).mean,
        strangers=tuple(figure(lambda outcome, k=k: (outcome.truth == -1 - k).sum()).mean for k in sources),
        rank_1=figure(Outcome.rank_1),
        tpir=tuple(figure(lambda outcome, fpir=fpir: outcome.tpir(fpir)) for fpir in FPIRS),
        right=figure(Outcome.right),
        wrong=figure(Outcome.wrong),
        strangers_named=tuple(figure(lambda outcome, k=k: outcome.strangers_named(k)) for k in sources),
        calibration_error=figure(lambda outcome: outcome.calibration_error(strangers=False)),
        calibration_error_with_strangers=figure(lambda outcome: outcome.calibration_error(strangers=True)),
        curve=tuple(figure(lambda outcome, fpir=fpir: outcome.tpir(fpir)).mean for fpir in CURVE),
        confusion=np.sum([outcome.confusion(len(sample.roster), len(sources)) for outcome in outcomes], axis=0),
    )


def ask(sample: Sample, fit: Callable[[Gallery], Recognises], enrolled: NDArray[np.intp]) -> Outcome:
    """Enrol the photos at `enrolled` ((k,) places) and ask about every probe that is none of them, nor one of them anew."""
    asked = sample.probes & ~sample.one_photo(enrolled).any(axis=1)
    asked[enrolled] = False
    encodings, people = sample.encodings[asked], sample.people[asked]
    gallery = Gallery(sample.encodings[enrolled], sample.people[enrolled], sample.roster, sample.version)
    return judge(fit(gallery), sample.roster, encodings, people)


def judge(
    recogniser: Recognises, roster: Sequence[GalleryMember], encodings: Encodings, people: NDArray[np.int64]
) -> Outcome:
    """What a recogniser of `roster`, the members of one group in its order, says of faces (n, d) of `people` (n,).

    These are as in `Sample`: the id of a member, or -1 - k for a stranger of source k.
    """
    scores = recogniser.log_odds(encodings)
    likeliest = scores.argmax(axis=1)
    place = {member.id: i for i, member in enumerate(roster)}
    guesses = [recogniser.identify(row[None], group=roster[0].group).guesses[0] for row in encodings]
    confidences = [
        next(candidate.confidence for candidate in guess.candidates if place[candidate.member] == best)
        for guess, best in zip(guesses, likeliest.tolist(), strict=True)
    ]
    return Outcome(
        truth=np.array([person if person < 0 else place[person] for person in people.tolist()], np.int64),
        likeliest=likeliest,
        scores=scores.max(axis=1),
        named=np.array([-1 if guess.member is None else place[guess.member] for guess in guesses], np.int64),
        confidences=np.array(confidences, np.float64),
    )


def draw(sample: Sample, photos: int | None, chance: np.random.Generator) -> NDArray[np.intp]:
    """Places of the photos to enrol: `photos` a member, or fewer where there are no more that are not one photo."""
    if photos is None:
        drawn = np.flatnonzero(sample.enrollable)
    else:
        drawn = np.array(
            [place for member in sample.roster for place in _draw_member(sample, member.id, photos, chance)], np.intp
        )
    without = [member.name for member in sample.roster if not (sample.people[drawn] == member.id).any()]
    if without:
        raise ValueError(f"there is no photo to enrol of {', '.join(without)}")
    return drawn


def _draw_member(sample: Sample, member: int, photos: int, chance: np.random.Generator) -> list[int]:
    order = chance.permutation(np.flatnonzero(sample.enrollable & (sample.people == member)))
    one_photo = sample.one_photo(order)[order]
    drawn: list[int] = []
    for turn in range(len(order)):
        if len(drawn) < photos and not one_photo[turn, drawn].any():
            drawn.append(turn)
    return order[drawn].tolist()


def _share(hits: NDArray[np.bool_]) -> float:
    return float(hits.mean()) if hits.size else float("nan")
