"""The cards of the quiz: a face with names to choose from, who it was, how it ended, the leaderboard, what somebody knows."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import discord

from bot.text.formatting import counted
from cogs.common.discord_limits import LONGEST_LABEL
from cogs.common.layout import Button, Card, CardAndFiles, Row, container, custom_id, gallery
from cogs.common.markup import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.quiz import KnownMember
    from bot.usecases.quiz.stats import Board, Knowledge
    from bot.usecases.quiz.view import QuizProgress, QuizQuestion, Summary, Verdict

BLUE, RIGHT, WRONG = 0x5865F2, 0x3BA55D, 0xE0A030
WHO = "**Who is this?**"


def question_card(question: QuizQuestion) -> CardAndFiles:
    """A face and the names to choose from. Neither the file's name nor the alt text gives it away."""
    card = Card()
    box = container(BLUE)
    progress = question.progress
    files = [discord.File(BytesIO(question.picture), filename="face.jpg")]
    box.add_item(discord.ui.TextDisplay(f"{WHO}\n-# {_where(progress)}"))
    box.add_item(gallery((files[0].filename, "A face; who is it?")))
    names = Row()
    for member, name in question.names:
        names.add_item(Button(label=name[:LONGEST_LABEL], custom_id=custom_id("quiz:say", question.round, member)))
    box.add_item(names)
    label = "Show who it is" if progress.race else "I don't know"
    box.add_item(Row(Button(label=label, custom_id=custom_id("quiz:pass", question.round))))
    if progress.race:
        told = "The first right answer wins the round; everybody has one."
    else:
        told = f"{_score(progress)} · <@{progress.person}>'s quiz"
    box.add_item(discord.ui.TextDisplay(f"-# {told}"))
    card.add_item(box)
    return card, files


def verdict_card(verdict: Verdict) -> CardAndFiles:
    """Who it was, with another photo beside the face, and the way on, or how the quiz ended."""
    card = Card()
    box = container(RIGHT if verdict.right else WRONG)
    truth, progress = verdict.name(verdict.truth), verdict.progress
    told = [_said(verdict), f"-# {plain(verdict.group_name)} · {_where(progress)}"]
    box.add_item(discord.ui.TextDisplay("\n".join(told)))
    files: list[discord.File] = []
    faces = [
        (verdict.picture, "face.jpg", f"The face of this round: {truth}"),
        (verdict.other, "other.jpg", f"Another photo of {truth}"),
    ]
    if shown := _attached(faces, files):
        box.add_item(gallery(*shown))
    chosen = verdict.name(verdict.chosen)
    pictures = [(one, f"mistaken-{place}.jpg", f"A photo of {chosen}") for place, one in enumerate(verdict.mistaken)]
    if mistaken := _attached(pictures, files):
        box.add_item(discord.ui.TextDisplay(f"And this is **{plain(chosen)}**:"))
        box.add_item(gallery(*mistaken))
    names = Row()
    for member, name in verdict.names:
        mark = "✓ " if member == verdict.truth else "✗ " if member == verdict.chosen else ""
        style = {"✓ ": discord.ButtonStyle.success, "✗ ": discord.ButtonStyle.danger}.get(mark)
        names.add_item(
            Button(
                label=f"{mark}{name}"[:LONGEST_LABEL],
                style=style or discord.ButtonStyle.secondary,
                custom_id=custom_id("quiz:said", verdict.round, member),
                disabled=True,
            )
        )
    box.add_item(names)
    if verdict.by is not None:
        whose = f"<@{verdict.by}>: " if progress.race else ""
        back = f" · {plain(truth)} comes back {discord.utils.format_dt(verdict.back, 'R')}" if verdict.back else ""
        box.add_item(discord.ui.TextDisplay(f"-# {whose}{_score(progress)}{'' if progress.race else back}"))
    if verdict.summary is None:
        next = Button(label="Next", style=discord.ButtonStyle.primary, custom_id=custom_id("quiz:next", verdict.round))
        box.add_item(Row(next))
    else:
        box.add_item(discord.ui.Separator())
        box.add_item(discord.ui.TextDisplay(_summary(verdict.summary, progress)))
        box.add_item(Row(Button(label="Play again", custom_id=custom_id("quiz:again", verdict.round))))
    card.add_item(box)
    return card, files


def board_card(board: Board) -> Card:
    """The leaderboard of a server."""
    card = Card()
    box = container(BLUE)
    of = f": {plain(board.group)}" if board.group else ""
    lines = [f"## Leaderboard{of}"]
    lines += [
        f"{place}. <@{one.person}> · **{counted(one.points, 'point')}** of {counted(one.answers, 'answer')} · "
        f"best streak {one.best}, now {one.streak}"
        for place, one in enumerate(board.best, 1)
    ]
    if not board.best:
        lines.append("Nobody has played yet. `/quiz play` begins.")
    elif board.mine is not None and board.place is not None and board.place > len(board.best):
        lines.append(f"…\n{board.place}. <@{board.mine.person}> · **{counted(board.mine.points, 'point')}**")
    box.add_item(discord.ui.TextDisplay("\n".join(lines)))
    card.add_item(box)
    return card


def knowledge_card(known: Knowledge) -> CardAndFiles:
    """What somebody knows, as a picture that its alt text has in words."""
    card = Card()
    box = container(BLUE)
    of = f" of {plain(known.group)}" if known.group else ""
    asked = [one for one in known.members if one.seen]
    box.add_item(
        discord.ui.TextDisplay(
            f"## Whom you know{of}\nYou were asked about {len(asked)} of {counted(len(known.members), 'member')}."
        )
    )
    file = discord.File(BytesIO(known.picture), filename="known.png")
    told = [_known(one) for one in known.members]
    told += [f"{one} and {other} mixed up {counted(times, 'time')}" for one, other, times in known.mixed_up]
    box.add_item(gallery((file.filename, "; ".join(told))))
    box.add_item(discord.ui.TextDisplay("-# Only you see this. `/quiz forget` makes me forget it."))
    card.add_item(box)
    return card, [file]


def forget_card() -> Card:
    """Asks whether all of somebody's quizzes are to be forgotten."""
    card = Card()
    box = container(WRONG)
    box.add_item(
        discord.ui.TextDisplay(
            "**Forget your quizzes?**\nYour answers, points and streaks, and whom you know, in all servers. "
            "This can't be undone."
        )
    )
    box.add_item(
        Row(
            Button(label="Forget", style=discord.ButtonStyle.danger, custom_id=custom_id("quiz:forget")),
            Button(label="Keep", custom_id=custom_id("keep")),
        )
    )
    card.add_item(box)
    return card


def _said(verdict: Verdict) -> str:
    truth = plain(verdict.name(verdict.truth))
    if verdict.progress.race:
        return f"**✓ <@{verdict.by}> was first: it is {truth}**" if verdict.right else f"**✗ Nobody: this is {truth}**"
    if verdict.right:
        return f"**✓ Right: this is {truth}**"
    if verdict.chosen is None:
        return f"**✗ This is {truth}**"
    return f"**✗ Wrong: this is {truth}**, not {plain(verdict.name(verdict.chosen))}"


def _where(progress: QuizProgress) -> str:
    about = plain(progress.group) if progress.group else "all groups"
    return f"Round {progress.number} of {progress.rounds} · {'race' if progress.race else 'quiz'} about {about}"


def _score(progress: QuizProgress) -> str:
    return f"{counted(progress.points, 'point')} · streak {progress.streak}"


def _summary(summary: Summary, progress: QuizProgress) -> str:
    if progress.race:
        lines = ["**The race is over**"]
        lines += [
            f"{place}. <@{person}> {counted(points, 'point')}"
            for place, (person, points) in enumerate(summary.points[:10], 1)
        ]
        return "\n".join([*lines, "-# `/quiz top` has the leaderboard."])
    points = summary.points[0][1] if summary.points else 0
    lines = [f"**{points} of {progress.rounds} right**"]
    if summary.mixed_up:
        lines.append(
            "Mixed up: " + ", ".join(f"{plain(a)} and {plain(b)} ({times} ×)" for a, b, times in summary.mixed_up)
        )
    elif points == progress.rounds:
        lines.append("You mixed up nobody.")
    return "\n".join([*lines, "-# `/quiz stats` shows whom you know, `/quiz top` the leaderboard."])


def _known(one: KnownMember) -> str:
    if not one.seen:
        return f"{one.name} not asked yet"
    return f"{one.name} right {one.right} of {counted(one.seen, 'time')}, stays {one.lasts}, next {one.due}"


def _attached(pictures: Sequence[tuple[bytes | None, str, str]], files: list[discord.File]) -> list[tuple[str, str]]:
    """The (file name, alt text) of those pictures that are there, which join `files`."""
    there = [(data, name, alt) for data, name, alt in pictures if data is not None]
    files += [discord.File(BytesIO(data), filename=name) for data, name, _ in there]
    return [(name, alt) for _, name, alt in there]
