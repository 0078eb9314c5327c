"""How well a gallery is recognised: seeded trials on photos outside the gallery, of members and of strangers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from models.learning.outcomes import TrialOutcome
from models.learning.samples import draw_enrolled
from models.recognition.gallery import Gallery

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from models.faces import Encodings
    from models.learning.samples import Sample
    from models.recognition.gallery import GalleryMember
    from models.recognition.recogniser import Identification

FPIRS = (0.01, 0.05)
"""Shares of strangers named at which the TPIR is told."""

CURVE = tuple(float(fpir) for fpir in np.geomspace(0.003, 1.0, 40))
"""Shares of strangers named at which the curve is drawn."""


class OpenSetRecogniser(Protocol):
    """What is evaluated: `models.recognition.recogniser.Recogniser`, or a rule to compare it with."""

    def log_odds(self, encodings: Encodings) -> NDArray[np.float64]:
        """A score of each face for each member, in the roster's order: (n, m); higher is likelier."""
        ...

    def identify(self, encodings: Encodings, *, group: int | None = None) -> Identification:
        """The answer for one picture."""
        ...


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
    `TrialOutcome.confusion`.
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


def evaluate(
    sample: Sample, fit: Callable[[Gallery], OpenSetRecogniser], *, photos: int | None, trials: int, seed: int = 0
) -> Evaluation:
    """Enrol and ask `trials` times.

    `photos`: so many are enrolled a member, drawn anew in each trial; None enrols all. Every member has one at least.
    Raises ValueError when no photo of a member is left to ask about, or a member has none to enrol.
    """
    chances = np.random.default_rng(seed).spawn(trials)
    draws = [draw_enrolled(sample, photos, chance) for chance in chances]
    outcomes = [run_trial(sample, fit, enrolled) for enrolled in draws]
    if not any((outcome.truth >= 0).any() for outcome in outcomes):
        raise ValueError("no photo of a member is left to ask about")
    sources = range(len(sample.sources))

    def figure(measure: Callable[[TrialOutcome], float]) -> Figure:
        return Figure.of([measure(outcome) for outcome in outcomes])

    return Evaluation(
        version=sample.version,
        roster=sample.roster,
        sources=sample.sources,
        trials=trials,
        photos=float(np.mean([len(enrolled) for enrolled in draws])) / len(sample.roster),
        probes=figure(lambda outcome: (outcome.truth >= 0).sum()).mean,
        strangers=tuple(figure(lambda outcome, k=k: (outcome.truth == -1 - k).sum()).mean for k in sources),
        rank_1=figure(TrialOutcome.rank_1),
        tpir=tuple(figure(lambda outcome, fpir=fpir: outcome.tpir(fpir)) for fpir in FPIRS),
        right=figure(TrialOutcome.right),
        wrong=figure(TrialOutcome.wrong),
        strangers_named=tuple(figure(lambda outcome, k=k: outcome.strangers_named(k)) for k in sources),
        calibration_error=figure(lambda outcome: outcome.calibration_error(strangers=False)),
        calibration_error_with_strangers=figure(lambda outcome: outcome.calibration_error(strangers=True)),
        curve=tuple(figure(lambda outcome, fpir=fpir: outcome.tpir(fpir)).mean for fpir in CURVE),
        confusion=np.sum([outcome.confusion(len(sample.roster), len(sources)) for outcome in outcomes], axis=0),
    )


def run_trial(sample: Sample, fit: Callable[[Gallery], OpenSetRecogniser], enrolled: NDArray[np.intp]) -> TrialOutcome:
    """Enrol the photos at `enrolled` ((k,) places) and ask about every probe that is none of them, nor one of them anew."""
    asked = sample.probes & ~sample.same_photo(enrolled).any(axis=1)
    asked[enrolled] = False
    encodings, people = sample.encodings[asked], sample.people[asked]
    gallery = Gallery(sample.encodings[enrolled], sample.people[enrolled], sample.roster, sample.version)
    return judge(fit(gallery), sample.roster, encodings, people)


def judge(
    recogniser: OpenSetRecogniser, roster: Sequence[GalleryMember], encodings: Encodings, people: NDArray[np.int64]
) -> TrialOutcome:
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
    return TrialOutcome(
        truth=np.array([person if person < 0 else place[person] for person in people.tolist()], np.int64),
        likeliest=likeliest,
        scores=scores.max(axis=1),
        named=np.array([-1 if guess.member is None else place[guess.member] for guess in guesses], np.int64),
        confidences=np.array(confidences, np.float64),
    )
