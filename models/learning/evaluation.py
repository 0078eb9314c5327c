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
    from models.learning.samples import EvaluationSet
    from models.recognition.gallery import GalleryMember
    from models.recognition.recogniser import Identification

FPIRS = (0.01, 0.05)
"""False positive identification rates (shares of strangers named) of the reported TPIR."""

CURVE = tuple(float(fpir) for fpir in np.geomspace(0.003, 1.0, 40))
"""False positive identification rates of the curve."""


class OpenSetRecogniser(Protocol):
    """The recogniser under evaluation: `models.recognition.recogniser.Recogniser`, or a rule to compare with it."""

    def log_odds(self, encodings: Encodings) -> NDArray[np.float64]:
        """Scores (n, m) of the faces (n, d) for the members, in the recogniser's order; higher is likelier."""
        ...

    def identify(self, encodings: Encodings, *, group: int | None = None) -> Identification:
        """The identification of the faces (n, d) of one picture."""
        ...


@dataclass(frozen=True, slots=True)
class MeanAndDeviation:
    """Mean and standard deviation over trials. The deviation of a single trial is 0; both are NaN without a probe."""

    mean: float
    deviation: float

    @classmethod
    def from_values(cls, values: Sequence[float]) -> MeanAndDeviation:
        """The figure of `values`, one a trial."""
        return cls(float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else 0.0)


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """The figures of one group over all trials.

    `version`: of the engine. `photos`: enrolled photos a member, a mean. `probes`: members' probes a trial, a mean;
    `strangers`: the same for each source. `tpir`: one figure for each of `FPIRS`. `strangers_named`: one figure a source.
    `curve`: the mean TPIR at each FPIR of `CURVE`. `confusion`: sums over all trials, as of `TrialOutcome.confusion`.
    """

    version: str
    members: tuple[GalleryMember, ...]
    sources: tuple[str, ...]
    trials: int
    photos: float
    probes: float
    strangers: tuple[float, ...]
    rank_1: MeanAndDeviation
    tpir: tuple[MeanAndDeviation, ...]
    right: MeanAndDeviation
    wrong: MeanAndDeviation
    strangers_named: tuple[MeanAndDeviation, ...]
    calibration_error: MeanAndDeviation
    calibration_error_with_strangers: MeanAndDeviation
    curve: tuple[float, ...]
    confusion: NDArray[np.int64]


def evaluate(
    sample: EvaluationSet,
    fit: Callable[[Gallery], OpenSetRecogniser],
    *,
    photos: int | None,
    trials: int,
    seed: int = 0,
) -> Evaluation:
    """Evaluate `fit` on a sample in seeded trials.

    `photos`: enrolled a member, drawn again in each trial; None enrols all. Raises ValueError where no probe of a member is
    left, and for a member without an enrollable photo.
    """
    chances = np.random.default_rng(seed).spawn(trials)
    draws = [draw_enrolled(sample, photos, chance) for chance in chances]
    outcomes = [run_trial(sample, fit, enrolled) for enrolled in draws]
    if not any((outcome.truth >= 0).any() for outcome in outcomes):
        raise ValueError("no photo of a member is left to ask about")
    sources = range(len(sample.sources))

    def figure(measure: Callable[[TrialOutcome], float]) -> MeanAndDeviation:
        return MeanAndDeviation.from_values([measure(outcome) for outcome in outcomes])

    return Evaluation(
        version=sample.version,
        members=sample.members,
        sources=sample.sources,
        trials=trials,
        photos=float(np.mean([len(enrolled) for enrolled in draws])) / len(sample.members),
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
        confusion=np.sum([outcome.confusion(len(sample.members), len(sources)) for outcome in outcomes], axis=0),
    )


def run_trial(
    sample: EvaluationSet, fit: Callable[[Gallery], OpenSetRecogniser], enrolled: NDArray[np.intp]
) -> TrialOutcome:
    """Enrol the photos at `enrolled` (k,), and identify each probe that is neither one of them nor a copy."""
    asked = sample.probes & ~sample.same_photo(enrolled).any(axis=1)
    asked[enrolled] = False
    encodings, people = sample.encodings[asked], sample.people[asked]
    return trial_outcome(fit(sample.gallery(enrolled)), sample.members, encodings, people)


def trial_outcome(
    recogniser: OpenSetRecogniser, members: Sequence[GalleryMember], encodings: Encodings, people: NDArray[np.int64]
) -> TrialOutcome:
    """The outcome of faces (n, d) of `people` (n,) with a recogniser of `members`, those of one group in its order.

    `people`: as in `EvaluationSet`, the id of a member, or -1 - k for a stranger of source k.
    """
    scores = recogniser.log_odds(encodings)
    likeliest = scores.argmax(axis=1)
    place = {member.id: i for i, member in enumerate(members)}
    guesses = [recogniser.identify(row[None], group=members[0].group).guesses[0] for row in encodings]
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
