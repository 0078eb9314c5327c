"""The sentences of the quiz."""

from __future__ import annotations

from typing import TYPE_CHECKING

from discord.utils import format_dt

from bot.text.formatting import counted
from bot.text.quiz import next_question_time, retention_time
from cogs.common.markup import plain

if TYPE_CHECKING:
    from bot.domain.quiz import PersonScore, QuizMemberStats
    from bot.usecases.quiz.play import WrongRaceAnswer
    from bot.usecases.quiz.stats import QuizStats
    from bot.usecases.quiz.view import QuizProgress, QuizSummary, RoundVerdict

REVEAL, PASS = "Show who it is", "I don't know"
NEXT, AGAIN = "Next", "Play again"
FORGET, KEEP = "Forget", "Keep"

FACE_ALT_TEXT = "A face; who is it?"
WHO = "**Who is this?**"
RACE_RULE = "The first right answer wins the round; everybody has one."
NOBODY_PLAYED = "Nobody has played yet. `/quiz play` begins."
PRIVATE_STATS = "Only you see this. `/quiz forget` makes me forget it."
CONFIRM_FORGETTING = (
    "**Forget your quizzes?**\nYour answers, points and streaks, and whom you know, in all servers. "
    "This can't be undone."
)


def question_text(progress: QuizProgress) -> str:
    """The question, and the round that it belongs to."""
    return f"{WHO}\n-# {round_line(progress)}"


def question_note(progress: QuizProgress) -> str:
    """The rule of a race, else the player and their score."""
    return f"-# {RACE_RULE}" if progress.race else f"-# {score_line(progress)} · <@{progress.person}>'s quiz"


def round_line(progress: QuizProgress) -> str:
    """`Round 3 of 10 · race about TWICE`."""
    about = plain(progress.group) if progress.group else "all groups"
    return f"Round {progress.number} of {progress.rounds} · {'race' if progress.race else 'quiz'} about {about}"


def score_line(progress: QuizProgress) -> str:
    """`2 points · streak 1`."""
    return f"{counted(progress.points, 'point')} · streak {progress.streak}"


def verdict_sentence(verdict: RoundVerdict) -> str:
    """The member of a round, and whether somebody gave the right name."""
    truth = plain(verdict.name(verdict.truth))
    if verdict.progress.race:
        return (
            f"**✓ <@{verdict.answered_by}> was first: it is {truth}**"
            if verdict.right
            else f"**✗ Nobody: this is {truth}**"
        )
    if verdict.right:
        return f"**✓ Right: this is {truth}**"
    if verdict.chosen is None:
        return f"**✗ This is {truth}**"
    return f"**✗ Wrong: this is {truth}**, not {plain(verdict.name(verdict.chosen))}"


def verdict_text(verdict: RoundVerdict) -> str:
    """The verdict, and the round that it belongs to."""
    return f"{verdict_sentence(verdict)}\n-# {plain(verdict.group_name)} · {round_line(verdict.progress)}"


def verdict_note(verdict: RoundVerdict, *, player: int) -> str:
    """The player's score: in a race with their mention, else with the time when the member is asked again."""
    score = score_line(verdict.progress)
    if verdict.progress.race:
        return f"-# <@{player}>: {score}"
    if not verdict.due_again:
        return f"-# {score}"
    return f"-# {score} · {plain(verdict.name(verdict.truth))} comes back {format_dt(verdict.due_again, 'R')}"


def mistaken_heading(name: str) -> str:
    """The heading of the photos of a wrongly chosen member."""
    return f"And this is **{plain(name)}**:"


def round_alt_text(name: str) -> str:
    """The face of the round, without markup."""
    return f"The face of this round: {name}"


def other_photo_alt_text(name: str) -> str:
    """Another photo of the member, without markup."""
    return f"Another photo of {name}"


def mistaken_alt_text(name: str) -> str:
    """A photo of the wrongly chosen member, without markup."""
    return f"A photo of {name}"


def missed_sentence(missed: WrongRaceAnswer) -> str:
    """A wrong answer in a race that goes on."""
    return f"✗ Wrong: it isn't **{plain(missed.name)}**. Others may still name the face."


def summary_text(summary: QuizSummary, progress: QuizProgress) -> str:
    """The result of a quiz that is over."""
    if progress.race:
        places = (
            f"{place}. <@{person}> {counted(points, 'point')}"
            for place, (person, points) in enumerate(summary.points[:10], 1)
        )
        return "\n".join(["**The race is over**", *places, "-# `/quiz top` has the leaderboard."])
    points = summary.points[0][1] if summary.points else 0
    lines = [f"**{points} of {progress.rounds} right**"]
    if summary.mixed_up:
        lines.append(
            "Mixed up: " + ", ".join(f"{plain(a)} and {plain(b)} ({times} ×)" for a, b, times in summary.mixed_up)
        )
    elif points == progress.rounds:
        lines.append("You mixed up nobody.")
    return "\n".join([*lines, "-# `/quiz stats` shows whom you know, `/quiz top` the leaderboard."])


def leaderboard_title(group: str | None) -> str:
    """The heading of the leaderboard of a group; None: of all groups."""
    return f"## Leaderboard: {plain(group)}" if group else "## Leaderboard"


def leaderboard_line(place: int, score: PersonScore) -> str:
    """`1. @fan · 12 points of 15 answers · best streak 7, now 2`."""
    return (
        f"{place}. <@{score.person}> · **{counted(score.points, 'point')}** of {counted(score.answers, 'answer')} · "
        f"best streak {score.best}, now {score.streak}"
    )


def own_place_line(place: int, score: PersonScore) -> str:
    """The place of a person below the best."""
    return f"…\n{place}. <@{score.person}> · **{counted(score.points, 'point')}**"


def knowledge_text(known: QuizStats) -> str:
    """The number of members that a person was asked about."""
    of = f" of {plain(known.group)}" if known.group else ""
    asked = sum(bool(member.seen) for member in known.members)
    return f"## Whom you know{of}\nYou were asked about {asked} of {counted(len(known.members), 'member')}."


def knowledge_alt_text(known: QuizStats) -> str:
    """The content of the chart of a person's knowledge, without markup."""
    lines = [_known_member(member) for member in known.members]
    lines += [f"{name} and {other} mixed up {counted(times, 'time')}" for name, other, times in known.mixed_up]
    return "; ".join(lines)


def forgotten_sentence(answers: int) -> str:
    """A person's quizzes are forgotten, with so many answers."""
    return f"I forgot your quizzes: {counted(answers, 'answer')}, your points, and whom you know."


def _known_member(known: QuizMemberStats) -> str:
    if not known.seen:
        return f"{known.name} not asked yet"
    return (
        f"{known.name} right {known.right} of {counted(known.seen, 'time')}, stays {retention_time(known)}, "
        f"next {next_question_time(known)}"
    )
