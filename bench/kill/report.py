"""The kinds of kills, and what was amiss after each."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum


class Victim(StrEnum):
    """The process that is killed."""

    BOT = "bot"
    WORKER = "worker"
    SCHEDULER = "scheduler"


@dataclass
class Report:
    """The kills so far, by victim; the faults after them, each with its kill; the acknowledged things in one line.

    `in_training`: the kills during a training.
    """

    kills: Counter[Victim] = field(default_factory=Counter[Victim])
    faults: list[tuple[Victim, int, str]] = field(default_factory=list[tuple[Victim, int, str]])
    counts: str = ""
    in_training: int = 0
    _known: set[str] = field(default_factory=set[str])

    def add(self, victim: Victim, found: Iterable[str]) -> list[str]:
        """Count a kill, and what was found after it. A fault that stays counts once. Returns the new ones."""
        self.kills[victim] += 1
        return self.add_faults(victim, found)

    def add_faults(self, victim: Victim, found: Iterable[str]) -> list[str]:
        """Add faults to the last kill."""
        new = [fault for fault in dict.fromkeys(found) if fault not in self._known]
        self._known.update(new)
        self.faults += [(victim, self.kills.total(), fault) for fault in new]
        return new

    def table(self) -> str:
        """The numbers of kills and faults by victim, the faults, and what was acknowledged."""
        lines = ["| killed | times | faults |", "|---|---|---|"]
        by_victim = Counter(victim for victim, _, _ in self.faults)
        lines += [f"| {victim} | {self.kills[victim]} | {by_victim[victim]} |" for victim in Victim]
        lines.append(
            f"\n{self.kills.total()} kills, {self.in_training} of them during a training, {len(self.faults)} faults; "
            f"{self.counts}"
        )
        lines += [f"kill {number} ({victim}): {fault}" for victim, number, fault in self.faults]
        return "\n".join(lines)
