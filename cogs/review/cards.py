"""The cards of /review: a face with its guess, its source and the buttons for an answer."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import discord

from bot.domain.enums import Learns, Origin
from bot.text.faces import face_quality, flaw_sentence, guess_text
from bot.text.formatting import joined, percent
from bot.usecases.review import Shown
from cogs.answers.texts import annotation_text, suggestion_line
from cogs.common.discord_limits import LONGEST_ALT
from cogs.common.layout import BLUE, Button, Card, CardAndFiles, Part, Row, custom_id, framed_card
from cogs.common.markup import plain
from cogs.corrections.cards import members_menu
from cogs.review.texts import note_sentence
from models.faces import Band

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.answers import FaceAnnotation
    from bot.domain.reviews import FaceInReview
    from bot.usecases.review import NothingLeft, Page

LONGEST_LINK = 512
MOST_SUGGESTIONS = 5


def review_card(page: Page) -> CardAndFiles:
    """The next face with its crop and the buttons for an answer, or why there is none."""
    parts: list[Part] = []
    if page.note is not None:
        parts.append(f"-# {note_sentence(page.note)}")
    files: list[discord.File] = []
    if isinstance(page.content, Shown):
        face = page.content.face
        file = discord.File(BytesIO(page.content.crop), filename=f"face-{face.face.id}.jpg")
        files.append(file)
        question = f"Is this {plain(face.proposal[1])}?" if face.proposal else "Who is this?"
        parts += [
            _title(question, page.content),
            _picture(f"attachment://{file.filename}", face),
            _description(face),
            _choices(face),
            _ways_out(face, page.undoable),
        ]
    else:
        row = Row(Button(label="Look again", custom_id=custom_id("review:next")))
        if page.undoable is not None:
            row.add_item(_undo(page.undoable))
        parts += [_nothing_left(page.content), row]
    return framed_card(BLUE, *parts), files


def choice_card(shown: Shown, urls: Sequence[str]) -> Card:
    """The menu of members, and the buttons for a face that shows none. `urls`: of the crop that the card shows already."""
    id = shown.face.face.id
    return framed_card(
        BLUE,
        _title("Who is this?", shown),
        *(_picture(url, shown.face) for url in urls),
        Row(members_menu(custom_id("review:member", id), shown.face.face)),
        Row(
            Button(label="Not a member", custom_id=custom_id("review:stranger", id)),
            Button(label="Not a face", custom_id=custom_id("review:noface", id)),
            Button(label="Back", custom_id=custom_id("review:look", id)),
        ),
    )


def _title(question: str, shown: Shown) -> str:
    """`### Who is this? · 1 of 12`: the question, and the number of faces that wait."""
    return f"### {question} · {f'1 of {shown.left}' if shown.left > 1 else 'the last'}"


def _picture(url: str, face: FaceInReview) -> discord.ui.MediaGallery[Card]:
    alt = f"A face; my guess is {guess_text(face.face.guess)}"
    return discord.ui.MediaGallery(discord.MediaGalleryItem(url, description=alt[:LONGEST_ALT], spoiler=face.spoiler))


def _description(face: FaceInReview) -> str:
    lines: list[str] = []
    if face.suspected and face.face.annotation is not None:
        lines.append(f"⚠️ It was labelled {_label(face.face.annotation)}, but looks unlike the other photos.")
    elif face.face.annotation is not None:
        lines.append(f"It is labelled {_label(face.face.annotation)}.")
    lines.append(f"My guess: {plain(_guess(face))}")
    lines += [suggestion_line(annotation) for annotation in face.suggestions[:MOST_SUGGESTIONS]]
    if len(face.suggestions) > MOST_SUGGESTIONS:
        lines.append(f"… and {len(face.suggestions) - MOST_SUGGESTIONS} more suggestions")
    when = discord.utils.format_dt(face.asked_at, "R")
    how = {Origin.ASKED: "Asked", Origin.SUBMITTED: "Handed in", Origin.GATHERED: "Gathered"}[face.origin]
    lines.append(f"-# {how} by <@{face.asker_id}> {when} · {face_quality(face.face_width, face.sharpness)}")
    if face.flaw is not None:
        hint = " **Yes** names this face alone; **Use it all the same** makes it a photo too." if face.proposal else ""
        lines.append(f"⚠️ {flaw_sentence(face.flaw)}{hint}")
    return "\n".join(lines)


def _label(annotation: FaceAnnotation) -> str:
    return f"{plain(annotation_text(annotation))}, said by <@{annotation.author_id}>"


def _guess(face: FaceInReview) -> str:
    guess = face.face.guess
    if guess.band is not Band.UNKNOWN:
        return guess_text(guess)
    text = f"{guess_text(guess)} ({percent(guess.confidence)})"
    nearest = next(iter(guess.candidates), None)
    return f"{text}; nearest is {nearest.name}, {percent(nearest.confidence)}" if nearest else text


def _choices(face: FaceInReview) -> Row:
    """The frequent answers, five at most. `choice_card` has the others."""
    id = face.face.id
    row = Row()
    if face.proposal is not None:
        member, _ = face.proposal
        yes = discord.ButtonStyle.success
        row.add_item(Button(label="Yes", style=yes, custom_id=custom_id("review:yes", id, member)))
        if face.flaw is not None:
            row.add_item(Button(label="Use it all the same", custom_id=custom_id("review:use", id, member)))
        row.add_item(Button(label="No", style=discord.ButtonStyle.danger, custom_id=custom_id("review:no", id, member)))
    other = "Somebody else" if face.proposal is not None else "Say who it is"
    row.add_item(Button(label=other, custom_id=custom_id("review:who", id)))
    row.add_item(Button(label="Skip", custom_id=custom_id("review:skip", id)))
    return row


def _ways_out(face: FaceInReview, undoable: int | None) -> Row:
    """Undo, the end of the review, and a link to the face's source."""
    row = Row()
    if undoable is not None:
        row.add_item(_undo(undoable))
    row.add_item(Button(label="Done", custom_id=custom_id("review:done")))
    if (link := _link(face)) is not None:
        row.add_item(link)
    return row


def _undo(face_id: int) -> Button:
    return Button(label="Undo", emoji="↩️", custom_id=custom_id("review:undo", face_id))


def _link(face: FaceInReview) -> Button | None:
    """A link to the message with the picture, or to the page of a gathered photo."""
    if face.source is not None:
        web = face.source.startswith(("https://", "http://")) and len(face.source) <= LONGEST_LINK
        return Button(label="Its page", url=face.source) if web else None
    if face.channel_id is None or face.source_message_id is None:
        return None
    url = f"https://discord.com/channels/{face.server_id}/{face.channel_id}/{face.source_message_id}"
    return Button(label="The message", url=url)


def _nothing_left(nothing: NothingLeft) -> str:
    lines = ["### Nothing is left to review"]
    if nothing.elsewhere:
        faces = "One face is" if nothing.elsewhere == 1 else f"{nothing.elsewhere} faces are"
        lines.append(f"{faces} with another reviewer just now.")
    if nothing.confined:
        where = joined([f"<#{channel}>" for channel in nothing.confined])
        lines.append(f"Faces from {where} wait there: I show what an age-restricted channel showed in it alone.")
    if nothing.learns is not Learns.CONFIRMED:
        lines.append("This server doesn't learn from faces that are asked about; a moderator chooses that in `/setup`.")
    if nothing.fewest:
        names = ", ".join(f"{plain(name)} ({photos})" for name, photos in nothing.fewest)
        lines.append(f"What helps next: photos of those who have the fewest: {names}. `/member add` takes them.")
    else:
        lines.append("What helps next: a group with members. `/group add` begins it.")
    return "\n".join(lines)
