"""Numbers, durations and lists as words: the same in pictures, cards, alt texts and on the command line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.clock import unix_time

if TYPE_CHECKING:
    from collections.abc import Sequence

MEBIBYTE = 1 << 20


def counted(number: int, thing: str) -> str:
    """`1 photo`, `2 photos`."""
    return f"{number} {thing}{'' if number == 1 else 's'}"


def joined(words: Sequence[str]) -> str:
    """`Momo`, `Momo and Sana`, `Momo, Sana and Mina`."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def mebibytes(size: float, decimals: int = 0) -> str:
    """`25 MiB`, for a size in bytes."""
    return f"{size / MEBIBYTE:,.{decimals}f} MiB"


def time_code(seconds: float) -> str:
    """`1:23` for 83.4 seconds; from an hour on `1:01:23`."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def duration(seconds: float) -> str:
    """`3.4 s`; from ten seconds on as a time code, `0:42`."""
    return f"{seconds:.1f} s" if seconds < 10 else time_code(seconds)


def approximate_duration(days: float) -> str:
    """A number of days, rounded: `20 min`, `5 h`, `3 days`, `4 months`, `2 years`."""
    for unit, length in (("year", 365.0), ("month", 30.0), ("day", 1.0)):
        if days >= (2 * length if unit == "month" else length):
            return counted(round(days / length), unit)
    hours = 24 * days
    return f"{round(hours)} h" if hours >= 1 else f"{max(1, round(60 * hours))} min"


def from_now(at: float) -> str:
    """`in 20 seconds`, `in 3 minutes`; `now` for a time that has come. `at`: seconds since 1970."""
    seconds = round(at - unix_time())
    if seconds <= 0:
        return "now"
    return f"in {counted(seconds, 'second') if seconds < 90 else counted(round(seconds / 60), 'minute')}"


def percent(confidence: float) -> str:
    """`97%`; never `100%`, since no answer is certain."""
    return f"{min(99, round(confidence * 100))}%"


def circled(number: int) -> str:
    """`①` to `㊿`; from 51 on plain digits with a full stop."""
    if 1 <= number <= 20:
        return chr(0x2460 + number - 1)
    if 21 <= number <= 35:
        return chr(0x3251 + number - 21)
    if 36 <= number <= 50:
        return chr(0x32B1 + number - 36)
    return f"{number}."
