"""The cards of a clip: its progress, and the finished clip with the people on screen."""

from __future__ import annotations

import re
import unicodedata
from io import BytesIO
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import discord

from bot.domain.clips import ClipStage, common_screen_time
from bot.text.clips import missing_sentences, silent
from bot.text.faces import unknown_people
from bot.text.formatting import counted, duration, time_code
from cogs.answers.cards import accent_of, answer_buttons
from cogs.answers.texts import attribution, face_line, face_text
from cogs.common.discord_limits import LONGEST_ALT
from cogs.common.layout import (
    BLUE,
    LONGEST_TEXT,
    Button,
    Card,
    Part,
    Row,
    bar,
    custom_id,
    frame,
    framed_card,
    lines_within,
    message_card,
)
from cogs.common.markup import plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.domain.answers import AnsweredFace
    from bot.domain.clips import ClipAttachments, ClipProgress, FinishedClip, OnScreen

BAR = 20
"""Characters of the bar of a stage."""

DOING = {
    ClipStage.WAITING: "Waiting",
    ClipStage.DOWNLOAD: "Downloading the video",
    ClipStage.LOOK: "Looking for faces",
    ClipStage.NAME: "Naming them",
    ClipStage.DRAW: "Drawing",
    ClipStage.UPLOAD: "Uploading the clip",
}
STEPS = (ClipStage.DOWNLOAD, ClipStage.LOOK, ClipStage.NAME, ClipStage.DRAW, ClipStage.UPLOAD)
TITLE_SHOWN = 200
LONGEST_NAME = 40
MOST_SPANS = 6
CHART = "screen-time.png"
YOUTUBE = ("youtube.com", "youtu.be")
TAKEN = "⏳ I have it, and look at it now."


def taken_card() -> Card:
    """The first card for a video, before the bot has opened it."""
    return framed_card(BLUE, TAKEN)


def progress_card(progress: ClipProgress) -> Card:
    """The progress of a clip, with the button that cancels it."""
    cancel = Button(label="Cancel", emoji="✖️", custom_id=custom_id("cancel", progress.clip.job_id))
    return framed_card(BLUE, "\n".join(_progress(progress)), Row(cancel))


def clip_card(finished: FinishedClip, urls: Sequence[str] = (), note: str | None = None) -> Card:
    """A finished clip, its chart, and the people in it.

    Both are files of the message (`clip_files`). An edited card gives the `urls` by which Discord has them already. `note`
    stands above the frame.
    """
    clip, chart = urls if len(urls) == 2 else (f"attachment://{clip_name(finished)}", f"attachment://{CHART}")
    heading = _heading(finished)
    spoiler = finished.answer.pictures[0].spoiler
    parts: list[Part] = [heading]
    for url, alt in ((clip, _clip_alt(finished)), (chart, _chart_alt(finished))):
        parts.append(discord.ui.MediaGallery(discord.MediaGalleryItem(url, description=alt, spoiler=spoiler)))
    parts.append(_people(finished, LONGEST_TEXT - len(heading) - len(note or "")))
    if (credit := attribution(finished.answer)) is not None:
        parts.append(f"-# {credit}")
    if finished.unheard is not None:
        parts.append(f"-# {silent(finished.unheard)}")
    parts += [f"-# {sentence}" for sentence in missing_sentences(finished.missing)]
    parts.append(answer_buttons(finished.answer))
    if finished.stale:
        again = Button(label="Draw again", emoji="🖍️", custom_id=custom_id("drawagain", finished.job_id))
        parts += ["-# Names were corrected since this was drawn.", Row(again)]
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


def _progress(progress: ClipProgress) -> list[str]:
    lines = [f"**{plain(_short(progress.title))}**"]
    if progress.place is not None:
        place = "next in the queue" if progress.place == 1 else f"number {progress.place} in the queue"
        return [*lines, f"⏳ Waiting: {place}"]
    stage = DOING[progress.stage]
    if progress.share is not None:
        share = min(max(progress.share, 0.0), 1.0)
        stage += f"\n{bar(share, BAR)} {round(100 * share)}%"
        if progress.left is not None:
            stage += f" · about {_left(progress.left)} left"
    lines.append(stage)
    if progress.stage in STEPS:
        done = STEPS.index(progress.stage)
        steps = [*(f"✓ {step}" for step in STEPS[:done]), f"**{STEPS[done]}**", *STEPS[done + 1 :]]
        lines.append(f"-# {' · '.join(steps)}")
    if progress.seen:
        lines.append(f"Seen so far: {plain(', '.join(progress.seen))}"[:1000])
    return lines


def _left(seconds: float) -> str:
    return f"{max(5, round(seconds / 5) * 5)} s" if seconds < 90 else f"{round(seconds / 60)} min"


def _heading(finished: FinishedClip) -> str:
    picture = finished.answer.pictures[0]
    until = finished.start + finished.seconds
    part = f"{time_code(finished.start)}–{time_code(until)}"
    if finished.link is not None:
        part = f"[{part} of the video](<{_url(finished.link, finished.start)}>)"
    group = [plain(picture.group_name)] if picture.group_name else []
    return f"**{plain(_short(finished.title))}**\n-# {' · '.join([*group, part])}"


def _url(link: str, start: float) -> str:
    """The link, at YouTube with the start of the clip. Characters that end a link in Discord's markup are quoted."""
    parts = urlsplit(link)
    if any(parts.hostname == site or (parts.hostname or "").endswith(f".{site}") for site in YOUTUBE):
        query = [(key, value) for key, value in parse_qsl(parts.query) if key not in {"t", "start"}]
        link = urlunsplit(parts._replace(query=urlencode([*query, ("t", f"{int(start)}s")]), fragment=""))
    return quote(link, safe=":/?#[]@!$&'*+,;=%~")


def _people(finished: FinishedClip, room: int) -> str:
    """A line for each person, as many as fit into `room` characters."""
    faces = [face for _, face in finished.answer.faces]
    if not faces:
        return "I see no face in it. A clearer video, or another part of it, helps."
    seen = {person.number: person for person in finished.cast}
    listed, unknown = _grouped(faces)
    lines = [_person(face, seen.get(face.number)) for face in listed]
    if unknown:
        lines.append(f"{unknown_people(len(unknown))} · {_seconds(unknown, seen)} in all")
    if finished.in_review:
        lines.append(f"-# {counted(finished.in_review, 'face')} wait{'s' * (finished.in_review == 1)} in `/review`.")
    return lines_within(lines, room)


def _grouped(faces: Sequence[AnsweredFace]) -> tuple[list[AnsweredFace], list[AnsweredFace]]:
    """The people with a line each, and the unknown ones, who share a line where they are several."""
    unknown = [face for face in faces if face.is_unknown]
    if len(unknown) < 2:
        return list(faces), []
    return [face for face in faces if not face.is_unknown], unknown


def _seconds(faces: Sequence[AnsweredFace], seen: Mapping[int, OnScreen]) -> str:
    """The time for which at least one of the people is on screen."""
    _, seconds = common_screen_time(seen[face.number].spans for face in faces if face.number in seen)
    return duration(seconds)


def _person(face: AnsweredFace, seen: OnScreen | None) -> str:
    """`① **Tzuyu** 97% · 0:42 in all · 0:03, 0:40`, with at most `MOST_SPANS` spans."""
    if seen is None or not seen.spans or face.is_no_face:
        return face_line(face)
    spans = ", ".join(_span(start, end) for start, end in seen.spans[:MOST_SPANS])
    more = f" and {len(seen.spans) - MOST_SPANS} more" if len(seen.spans) > MOST_SPANS else ""
    return f"{face_line(face)} · {duration(seen.seconds)} in all · {spans}{more}"


def _span(start: float, end: float) -> str:
    first, last = time_code(start), time_code(end)
    return first if first == last else f"{first}–{last}"


def _clip_alt(finished: FinishedClip) -> str:
    listed, unknown = _grouped([face for _, face in finished.answer.faces])
    people = [face_text(face) for face in listed] + ([unknown_people(len(unknown))] if unknown else [])
    return f"The clip, {time_code(finished.seconds)} long, with its faces marked: {', '.join(people) or 'none'}"[
        :LONGEST_ALT
    ]


def _chart_alt(finished: FinishedClip) -> str:
    seen: Mapping[int, OnScreen] = {person.number: person for person in finished.cast}
    listed, unknown = _grouped(
        [face for _, face in finished.answer.faces if face.number in seen and not face.is_no_face]
    )
    people = [f"{face_text(face)}: {_seconds([face], seen)}" for face in listed]
    people += [f"{unknown_people(len(unknown))}: {_seconds(unknown, seen)}"] if unknown else []
    if not people:
        return "Nobody is on screen"
    return f"Who is on screen for how long of {time_code(finished.seconds)}: {', '.join(people)}"[:LONGEST_ALT]


def _short(title: str) -> str:
    return title if len(title) <= TITLE_SHOWN else f"{title[: TITLE_SHOWN - 1]}…"
