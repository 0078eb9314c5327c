"""The cards of the quiz: question, verdict, leaderboard, a person's knowledge."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import discord

from cogs.common.discord_limits import LONGEST_LABEL
from cogs.common.layout import Button, Card, CardAndFiles, Row, container, custom_id, gallery
from cogs.common.markup import plain
from cogs.quiz.texts import (
    CONFIRM_FORGETTING,
    NOBODY_PLAYED,
    PRIVATE_STATS,
    RACE_RULE,
    WHO,
    knowledge_alt_text,
    knowledge_text,
    leaderboard_line,
    leaderboard_title,
    own_place_line,
    round_line,
    score_line,
    summary_text,
    verdict_sentence,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.usecases.quiz.stats import Board, Knowledge
    from bot.usecases.quiz.view import QuizQuestion, Verdict

BLUE, RIGHT, WRONG = 0x5865F2, 0x3BA55D, 0xE0A030


def question_card(question: QuizQuestion) -> CardAndFiles:
    """A face and the names to choose from. Neither the file's name nor the alt text gives it away."""
    card = Card()
    box = container(BLUE)
    progress = question.progress
    files = [discord.File(BytesIO(question.picture), filename="face.jpg")]
    box.add_item(discord.ui.TextDisplay(f"{WHO}\n-# {round_line(progress)}"))
    box.add_item(gallery((files[0].filename, "A face; who is it?")))
    names = Row()
    for member, name in question.names:
        names.add_item(Button(label=name[:LONGEST_LABEL], custom_id=custom_id("quiz:say", question.round, member)))
    box.add_item(names)
    label = "Show who it is" if progress.race else "I don't know"
    box.add_item(Row(Button(label=label, custom_id=custom_id("quiz:pass", question.round))))
    below = RACE_RULE if progress.race else f"{score_line(progress)} · <@{progress.person}>'s quiz"
    box.add_item(discord.ui.TextDisplay(f"-# {below}"))
    card.add_item(box)
    return card, files


def verdict_card(verdict: Verdict) -> CardAndFiles:
    """The result of a round, with another photo beside the face; the button Next, or the result of the quiz."""
    card = Card()
    box = container(RIGHT if verdict.right else WRONG)
    truth, progress = verdict.name(verdict.truth), verdict.progress
    lines = [verdict_sentence(verdict), f"-# {plain(verdict.group_name)} · {round_line(progress)}"]
    box.add_item(discord.ui.TextDisplay("\n".join(lines)))
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
        box.add_item(discord.ui.TextDisplay(f"-# {whose}{score_line(progress)}{'' if progress.race else back}"))
    if verdict.summary is None:
        next = Button(label="Next", style=discord.ButtonStyle.primary, custom_id=custom_id("quiz:next", verdict.round))
        box.add_item(Row(next))
    else:
        box.add_item(discord.ui.Separator())
        box.add_item(discord.ui.TextDisplay(summary_text(verdict.summary, progress)))
        box.add_item(Row(Button(label="Play again", custom_id=custom_id("quiz:again", verdict.round))))
    card.add_item(box)
    return card, files


def board_card(board: Board) -> Card:
    """The leaderboard of a server."""
    card = Card()
    box = container(BLUE)
    lines = [leaderboard_title(board.group)]
    lines += [leaderboard_line(place, score) for place, score in enumerate(board.best, 1)]
    if not board.best:
        lines.append(NOBODY_PLAYED)
    elif board.mine is not None and board.place is not None and board.place > len(board.best):
        lines.append(own_place_line(board.place, board.mine))
    box.add_item(discord.ui.TextDisplay("\n".join(lines)))
    card.add_item(box)
    return card


def knowledge_card(known: Knowledge) -> CardAndFiles:
    """A person's knowledge as a chart; its alt text says the same in words."""
    card = Card()
    box = container(BLUE)
    box.add_item(discord.ui.TextDisplay(knowledge_text(known)))
    file = discord.File(BytesIO(known.picture), filename="known.png")
    box.add_item(gallery((file.filename, knowledge_alt_text(known))))
    box.add_item(discord.ui.TextDisplay(f"-# {PRIVATE_STATS}"))
    card.add_item(box)
    return card, [file]


def forget_card() -> Card:
    """The question whether a person wants all of their quizzes forgotten."""
    card = Card()
    box = container(WRONG)
    box.add_item(discord.ui.TextDisplay(CONFIRM_FORGETTING))
    box.add_item(
        Row(
            Button(label="Forget", style=discord.ButtonStyle.danger, custom_id=custom_id("quiz:forget")),
            Button(label="Keep", custom_id=custom_id("keep")),
        )
    )
    card.add_item(box)
    return card


def _attached(pictures: Sequence[tuple[bytes | None, str, str]], files: list[discord.File]) -> list[tuple[str, str]]:
    """The (file name, alt text) of those pictures that are there, which join `files`."""
    there = [(data, name, alt) for data, name, alt in pictures if data is not None]
    files += [discord.File(BytesIO(data), filename=name) for data, name, _ in there]
    return [(name, alt) for _, name, alt in there]
