"""The cards of the quiz: a question, its verdict, the result, the leaderboard, and the members that a player knows."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import discord

from cogs.common.discord_limits import LONGEST_LABEL
from cogs.common.layout import (
    AMBER,
    BLUE,
    GREEN,
    Button,
    Card,
    CardAndFiles,
    Part,
    Row,
    custom_id,
    framed_card,
    gallery,
)
from cogs.quiz.texts import (
    AGAIN,
    CONFIRM_FORGETTING,
    FACE_ALT_TEXT,
    FORGET,
    KEEP,
    NEXT,
    NOBODY_PLAYED,
    PASS,
    PRIVATE_STATS,
    REVEAL,
    knowledge_alt_text,
    knowledge_text,
    leaderboard_line,
    leaderboard_title,
    mistaken_alt_text,
    mistaken_heading,
    other_photo_alt_text,
    own_place_line,
    question_note,
    question_text,
    round_alt_text,
    summary_text,
    verdict_note,
    verdict_text,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.usecases.quiz.stats import Leaderboard, QuizStats
    from bot.usecases.quiz.view import QuizQuestion, RoundVerdict


def question_card(question: QuizQuestion) -> CardAndFiles:
    """A face and the names to choose from. Neither the file's name nor the alt text reveals the answer."""
    progress = question.progress
    file = discord.File(BytesIO(question.picture), filename="face.jpg")
    names = [
        Button(label=name[:LONGEST_LABEL], custom_id=custom_id("quiz:say", question.round, member))
        for member, name in question.names
    ]
    label = REVEAL if progress.race else PASS
    card = framed_card(
        BLUE,
        question_text(progress),
        gallery((file.filename, FACE_ALT_TEXT)),
        Row(*names),
        Row(Button(label=label, custom_id=custom_id("quiz:pass", question.round))),
        question_note(progress),
    )
    return card, [file]


def verdict_card(verdict: RoundVerdict) -> CardAndFiles:
    """The right name, another photo of the member, and the button for the next round or the result of the quiz."""
    truth, progress = verdict.name(verdict.truth), verdict.progress
    parts: list[Part] = [verdict_text(verdict)]
    files: list[discord.File] = []
    faces = [
        (verdict.picture, "face.jpg", round_alt_text(truth)),
        (verdict.other_photo, "other.jpg", other_photo_alt_text(truth)),
    ]
    if shown := _attached(faces, files):
        parts.append(gallery(*shown))
    chosen = verdict.name(verdict.chosen)
    pictures = [
        (data, f"mistaken-{place}.jpg", mistaken_alt_text(chosen)) for place, data in enumerate(verdict.mistaken_photos)
    ]
    if mistaken := _attached(pictures, files):
        parts += [mistaken_heading(chosen), gallery(*mistaken)]
    parts.append(_marked_names(verdict))
    if verdict.answered_by is not None:
        parts.append(verdict_note(verdict, player=verdict.answered_by))
    if verdict.summary is None:
        next = Button(label=NEXT, style=discord.ButtonStyle.primary, custom_id=custom_id("quiz:next", verdict.round))
        parts.append(Row(next))
    else:
        again = Button(label=AGAIN, custom_id=custom_id("quiz:again", verdict.round))
        parts += [discord.ui.Separator(), summary_text(verdict.summary, progress), Row(again)]
    return framed_card(GREEN if verdict.right else AMBER, *parts), files


def board_card(board: Leaderboard) -> Card:
    """The leaderboard of a server."""
    lines = [leaderboard_title(board.group)]
    lines += [leaderboard_line(place, score) for place, score in enumerate(board.best, 1)]
    if not board.best:
        lines.append(NOBODY_PLAYED)
    elif board.mine is not None and board.place is not None and board.place > len(board.best):
        lines.append(own_place_line(board.place, board.mine))
    return framed_card(BLUE, "\n".join(lines))


def knowledge_card(known: QuizStats) -> CardAndFiles:
    """The members that a player knows, as a picture whose alt text says the same."""
    file = discord.File(BytesIO(known.picture), filename="known.png")
    chart = gallery((file.filename, knowledge_alt_text(known)))
    return framed_card(BLUE, knowledge_text(known), chart, f"-# {PRIVATE_STATS}"), [file]


def forget_card() -> Card:
    """Asks whether the user's own quiz data is to be deleted."""
    return framed_card(
        AMBER,
        CONFIRM_FORGETTING,
        Row(
            Button(label=FORGET, style=discord.ButtonStyle.danger, custom_id=custom_id("quiz:forget")),
            Button(label=KEEP, custom_id=custom_id("keep")),
        ),
    )


def _marked_names(verdict: RoundVerdict) -> Row:
    """The names of the round: the right one with ✓, a wrong choice with ✗."""
    row = Row()
    for member, name in verdict.names:
        mark = "✓ " if member == verdict.truth else "✗ " if member == verdict.chosen else ""
        style = {"✓ ": discord.ButtonStyle.success, "✗ ": discord.ButtonStyle.danger}.get(mark)
        row.add_item(
            Button(
                label=f"{mark}{name}"[:LONGEST_LABEL],
                style=style or discord.ButtonStyle.secondary,
                custom_id=custom_id("quiz:said", verdict.round, member),
                disabled=True,
            )
        )
    return row


def _attached(pictures: Sequence[tuple[bytes | None, str, str]], files: list[discord.File]) -> list[tuple[str, str]]:
    """The (file name, alt text) of each picture that has data, which is added to `files`."""
    there = [(data, name, alt) for data, name, alt in pictures if data is not None]
    files += [discord.File(BytesIO(data), filename=name) for data, name, _ in there]
    return [(name, alt) for _, name, alt in there]
