"""The cards of a clip: its progress, and the finished clip with the people on screen."""

from __future__ import annotations

import re
import unicodedata
from io import BytesIO
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, urlencode, urlunsplit

import discord

from bot.text.links import split_link
from cogs.answers.cards import accent_of, answer_buttons
from cogs.answers.texts import attribution
from cogs.clips import texts
from cogs.common.layout import (
    BLUE,
    LONGEST_TEXT,
    Button,
    Card,
    Part,
    Row,
    custom_id,
    frame,
    framed_card,
    message_card,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.clips import ClipAttachments, ClipProgress, FinishedClip

LONGEST_NAME = 40
CHART = "screen-time.png"
YOUTUBE = ("youtube.com", "youtu.be")


def accepted_card() -> Card:
    """The first card for a video, before the bot has opened it."""
    return framed_card(BLUE, texts.REQUEST_ACCEPTED)


def progress_card(progress: ClipProgress) -> Card:
    """The progress of a clip, with the button that cancels it."""
    cancel = Button(label=texts.CANCEL, emoji="✖️", custom_id=custom_id("cancel", progress.clip.job_id))
    return framed_card(BLUE, texts.progress_text(progress), Row(cancel))


def clip_card(finished: FinishedClip, urls: Sequence[str] = (), note: str | None = None) -> Card:
    """A finished clip, its chart, and the people in it.

    Both are files of the message (`clip_files`). An edited card gives the `urls` by which Discord has them already. `note`
    stands above the frame.
    """
    clip, chart = urls if len(urls) == 2 else (f"attachment://{clip_name(finished)}", f"attachment://{CHART}")
    address = _address(finished.link, finished.start) if finished.link is not None else None
    heading = texts.heading(finished, address)
    spoiler = finished.answer.pictures[0].spoiler
    parts: list[Part] = [heading]
    for url, alt in ((clip, texts.clip_alt_text(finished)), (chart, texts.chart_alt_text(finished))):
        parts.append(discord.ui.MediaGallery(discord.MediaGalleryItem(url, description=alt, spoiler=spoiler)))
    parts.append(texts.people_text(finished, LONGEST_TEXT - len(heading) - len(note or "")))
    if (credit := attribution(finished.answer)) is not None:
        parts.append(f"-# {credit}")
    parts += texts.footage_lines(finished)
    parts.append(answer_buttons(finished.answer))
    if finished.stale:
        again = Button(label=texts.DRAW_AGAIN, emoji="🖍️", custom_id=custom_id("drawagain", finished.job_id))
        parts += [texts.STALE, Row(again)]
    return message_card(*([note] if note is not None else []), frame(accent_of(finished.answer), *parts))


def clip_files(finished: FinishedClip, attachments: ClipAttachments) -> list[discord.File]:
    """The clip and its chart as the files that the card shows."""
    return [
        discord.File(attachments.clip, filename=clip_name(finished)),
        discord.File(BytesIO(attachments.chart), filename=CHART),
    ]


def clip_name(finished: FinishedClip) -> str:
    """`twice-0m30.mp4`: the file's name, from the title and the start."""
    title = re.sub(r"\.\w{2,4}$", "", finished.title)
    letters = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    minutes, seconds = divmod(int(finished.start), 60)
    name = re.sub(r"[^a-z0-9]+", "-", letters)[:LONGEST_NAME].strip("-")
    return f"{name or 'clip'}-{minutes}m{seconds:02}.mp4"


def _address(link: str, start: float) -> str:
    """The link, at YouTube with the start of the clip. Characters that end a link in Discord's markup are quoted."""
    parts = split_link(link)
    host = (parts and parts.hostname) or ""
    if parts is not None and any(host == site or host.endswith(f".{site}") for site in YOUTUBE):
        query = [(key, value) for key, value in parse_qsl(parts.query) if key not in {"t", "start"}]
        link = urlunsplit(parts._replace(query=urlencode([*query, ("t", f"{int(start)}s")]), fragment=""))
    return quote(link, safe=":/?#[]@!$&'*+,;=%~")
