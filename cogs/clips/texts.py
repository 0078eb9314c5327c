"""The sentences of clips: requests, progress, the finished clip with the people on screen, and posted videos."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.domain.clips import ClipStage, common_screen_time
from bot.domain.messages import Code, Message, SlashCommand
from bot.media.videos.footage import ACCEPTED
from bot.text.clips import missing_sentences, no_sound_sentence
from bot.text.faces import unknown_people
from bot.text.formatting import duration, mebibytes, time_code
from cogs.answers.texts import face_line, face_text
from cogs.common.discord_limits import LONGEST_ALT
from cogs.common.layout import bar, lines_within
from cogs.common.markup import plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.domain.answers import AnsweredFace
    from bot.domain.clips import ClipProgress, FinishedClip, PersonScreenTime

MENU = "Annotate this clip"
"""The name of the context menu of a message."""

CANCEL, DRAW_AGAIN = "Cancel", "Draw again"
"""Labels of buttons."""

ONE_OF_TWO = Message("Give me a {link} or a {video}, one of the two.", link=Code("link:"), video=Code("video:"))
NO_LINK = Message("That is no link. Paste the address of the video: {example}.", example=Code("https://…"))
NO_VIDEO_FILE = Message("That file is no video. Attach an MP4, MOV or WebM, or give me a {link}.", link=Code("link:"))
NO_VIDEO = Message(
    "I see no video in that message. Right-click a message that has one, or a link to one; or use {command}.",
    command=SlashCommand("clip"),
)

REQUEST_ACCEPTED = "⏳ I have it, and look at it now."
DRAWN_SOON = "I draw it again; the clip changes here when that is done."
NO_FACE = "I see no face in it. A clearer video, or another part of it, helps."
STALE = "-# Names were corrected since this was drawn."
DOING = {
    ClipStage.WAITING: "Waiting",
    ClipStage.STOPPED: "I am being stopped just now, and go on with this by myself when I am back.",
    ClipStage.DELAYED: "Something that I need is out of order just now. I try again by myself.",
    ClipStage.DOWNLOAD: "Downloading the video",
    ClipStage.TRACK: "Looking for faces",
    ClipStage.NAME: "Naming them",
    ClipStage.DRAW: "Drawing",
    ClipStage.UPLOAD: "Uploading the clip",
}
STEPS = (ClipStage.DOWNLOAD, ClipStage.TRACK, ClipStage.NAME, ClipStage.DRAW, ClipStage.UPLOAD)

BAR = 20
"""Characters of the bar of a stage."""

TITLE_SHOWN = 200
MAX_SPANS = 6
LONGEST_SEEN = 1000
"""Characters of the line of members that were seen so far."""


def avi_refused(video: str) -> Message:
    """A posted file is an AVI."""
    return Message("{video}: this is an AVI; I read {accepted}.", video=video, accepted=ACCEPTED)


def video_unread(video: str, reason: Message) -> Message:
    """A posted file could not be read from Discord."""
    return Message("{video}: {reason}.", video=video, reason=reason)


def video_too_large(video: str, limit: int) -> Message:
    """A posted file has more bytes than the limit."""
    return Message(
        "{name}: this file is too large; I read videos of up to {limit}. Post a shorter or smaller copy.",
        name=video,
        limit=mebibytes(limit),
    )


def posted_note(asker_id: int) -> str:
    """Calls a person to a clip that is a message of its own."""
    return f"<@{asker_id}>, here is your clip."


def explanation(asker_id: int, sentence: str) -> str:
    """Tells a person in a message of its own why there is no clip."""
    return f"<@{asker_id}>, {sentence}"


def progress_text(progress: ClipProgress) -> str:
    """The title, and the place in the queue or the stage of the work."""
    lines = [f"**{plain(_short(progress.title))}**"]
    if progress.place is not None:
        place = "next in the queue" if progress.place == 1 else f"number {progress.place} in the queue"
        return "\n".join([*lines, f"⏳ Waiting: {place}"])
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
        lines.append(f"Seen so far: {plain(', '.join(progress.seen))}"[:LONGEST_SEEN])
    return "\n".join(lines)


def heading(finished: FinishedClip, address: str | None) -> str:
    """The title, the group, and the part of the video that the clip shows, with a link to its address."""
    picture = finished.answer.pictures[0]
    until = finished.start + finished.seconds
    part = f"{time_code(finished.start)}–{time_code(until)}"
    if address is not None:
        part = f"[{part} of the video](<{address}>)"
    group = [plain(picture.group_name)] if picture.group_name else []
    return f"**{plain(_short(finished.title))}**\n-# {' · '.join([*group, part])}"


def people_text(finished: FinishedClip, room: int) -> str:
    """A line for each person, as many as fit into `room` characters."""
    faces = [face for _, face in finished.answer.faces]
    if not faces:
        return NO_FACE
    seen = {person.number: person for person in finished.cast}
    listed, unknown = _grouped(faces)
    lines = [person_line(face, seen.get(face.number)) for face in listed]
    if unknown:
        lines.append(f"{unknown_people(len(unknown))} · {_seconds(unknown, seen)} in all")
    if finished.in_review:
        lines.append(waiting_line(finished.in_review))
    return lines_within(lines, room)


def person_line(face: AnsweredFace, seen: PersonScreenTime | None) -> str:
    """`① **Tzuyu** 97% · 0:42 in all · 0:03, 0:40`, with at most `MAX_SPANS` spans."""
    if seen is None or not seen.spans or face.is_no_face:
        return face_line(face)
    spans = ", ".join(_span(start, end) for start, end in seen.spans[:MAX_SPANS])
    more = f" and {len(seen.spans) - MAX_SPANS} more" if len(seen.spans) > MAX_SPANS else ""
    return f"{face_line(face)} · {duration(seen.seconds)} in all · {spans}{more}"


def waiting_line(faces: int) -> str:
    """The number of faces of a clip that wait in the review."""
    return "-# 1 face waits in `/review`." if faces == 1 else f"-# {faces} faces wait in `/review`."


def footage_lines(finished: FinishedClip) -> list[str]:
    """The sound and the footage that the clip lacks."""
    sound = [no_sound_sentence(finished.unheard)] if finished.unheard is not None else []
    return [f"-# {plain(sentence)}" for sentence in [*sound, *missing_sentences(finished.missing)]]


def clip_alt_text(finished: FinishedClip) -> str:
    """The description of the clip for people who can't see it."""
    listed, unknown = _grouped([face for _, face in finished.answer.faces])
    people = [face_text(face) for face in listed] + ([unknown_people(len(unknown))] if unknown else [])
    return f"The clip, {time_code(finished.seconds)} long, with its faces marked: {', '.join(people) or 'none'}"[
        :LONGEST_ALT
    ]


def chart_alt_text(finished: FinishedClip) -> str:
    """The content of the chart of screen times."""
    seen: Mapping[int, PersonScreenTime] = {person.number: person for person in finished.cast}
    listed, unknown = _grouped(
        [face for _, face in finished.answer.faces if face.number in seen and not face.is_no_face]
    )
    people = [f"{face_text(face)}: {_seconds([face], seen)}" for face in listed]
    people += [f"{unknown_people(len(unknown))}: {_seconds(unknown, seen)}"] if unknown else []
    if not people:
        return "Nobody is on screen"
    return f"Who is on screen for how long of {time_code(finished.seconds)}: {', '.join(people)}"[:LONGEST_ALT]


def _left(seconds: float) -> str:
    return f"{max(5, round(seconds / 5) * 5)} s" if seconds < 90 else f"{round(seconds / 60)} min"


def _grouped(faces: Sequence[AnsweredFace]) -> tuple[list[AnsweredFace], list[AnsweredFace]]:
    """The people with a line each, and the unknown ones, who share a line where they are several."""
    unknown = [face for face in faces if face.is_unknown]
    if len(unknown) < 2:
        return list(faces), []
    return [face for face in faces if not face.is_unknown], unknown


def _seconds(faces: Sequence[AnsweredFace], seen: Mapping[int, PersonScreenTime]) -> str:
    """The time for which at least one of the people is on screen."""
    _, seconds = common_screen_time(seen[face.number].spans for face in faces if face.number in seen)
    return duration(seconds)


def _span(start: float, end: float) -> str:
    first, last = time_code(start), time_code(end)
    return first if first == last else f"{first}–{last}"


def _short(title: str) -> str:
    return title if len(title) <= TITLE_SHOWN else f"{title[: TITLE_SHOWN - 1]}…"
