"""The card of /review: one face, what is known of it, and the buttons to answer with."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import discord

from bot.domain.enums import Learns, Origin
from bot.text.formatting import face_quality, flaw_sentence, guess_text, joined, percent
from bot.usecases.review import Shown
from cogs.answers.faces import annotation_in_words, suggestion_line
from cogs.common.discord_limits import LONGEST_ALT
from cogs.common.layout import Button, Card, CardAndFiles, Row, container, custom_id
from cogs.common.markup import plain
from cogs.corrections.cards import members_menu
from cogs.review.texts import note_sentence
from models.faces import Band

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.domain.reviews import FaceInReview
    from bot.usecases.review import NothingLeft, Page

BLUE = 0x5865F2
LONGEST_LINK = 512
MOST_SUGGESTIONS = 5


def review_card(page: Page) -> CardAndFiles:
    """What a reviewer sees next, and the crop that it shows."""
    card = Card()
    box = container(BLUE)
    if page.note is not None:
        box.add_item(discord.ui.TextDisplay(f"-# {note_sentence(page.note)}"))
    files: list[discord.File] = []
    if isinstance(page.content, Shown):
        shown = page.content
        file = discord.File(BytesIO(shown.crop), filename=f"face-{shown.face.face.id}.jpg")
        files.append(file)
        face = shown.face
        asks = f"Is this {plain(face.proposal[1])}?" if face.proposal else "Who is this?"
        box.add_item(discord.ui.TextDisplay(_title(asks, shown)))
        box.add_item(_picture(f"attachment://{file.filename}", face))
        box.add_item(discord.ui.TextDisplay(_told(face)))
        box.add_item(_choices(face))
        box.add_item(_ways_out(face, page.undoable))
    else:
        box.add_item(discord.ui.TextDisplay(_nothing_told(page.content)))
        row = Row(Button(label="Look again", custom_id=custom_id("review:next")))
        if page.undoable is not None:
            row.add_item(_undo(page.undoable))
        box.add_item(row)
    card.add_item(box)
    return card, files


def choice_card(shown: Shown, addresses: Sequence[str]) -> Card:
    """Who else the face is, or that it is nobody's; its picture stays at its address."""
    card = Card()
    box = container(BLUE)
    box.add_item(discord.ui.TextDisplay(_title("Who is this?", shown)))
    for address in addresses:
        box.add_item(_picture(address, shown.face))
    id = shown.face.face.id
    box.add_item(Row(members_menu(custom_id("review:member", id), shown.face.face)))
    nobody = Row(
        Button(label="Not a member", custom_id=custom_id("review:stranger", id)),
        Button(label="Not a face", custom_id=custom_id("review:noface", id)),
        Button(label="Back", custom_id=custom_id("review:look", id)),
    )
    box.add_item(nobody)
    card.add_item(box)
    return card


def _title(asks: str, shown: Shown) -> str:
    """What is asked, and how the review stands: this face is the first of so many."""
    return f"### {asks} · {f'1 of {shown.left}' if shown.left > 1 else 'the last'}"


def _picture(address: str, face: FaceInReview) -> discord.ui.MediaGallery[Card]:
    told = f"A face; my guess is {guess_text(face.face.guess)}"
    return discord.ui.MediaGallery(
        discord.MediaGalleryItem(address, description=told[:LONGEST_ALT], spoiler=face.spoiler)
    )


def _told(face: FaceInReview) -> str:
    lines: list[str] = []
    if face.suspected and face.face.annotation is not None:
        said = f"{plain(annotation_in_words(face.face.annotation))}, said by <@{face.face.annotation.author_id}>"
        lines.append(f"⚠️ It was labelled {said}, but looks unlike the other photos.")
    elif face.face.annotation is not None:
        lines.append(
            f"It is labelled {plain(annotation_in_words(face.face.annotation))}, said by <@{face.face.annotation.author_id}>."
        )
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


def _guess(face: FaceInReview) -> str:
    guess = face.face.guess
    told = guess_text(guess)
    if guess.band is not Band.UNKNOWN:
        return told
    told += f" ({percent(guess.confidence)})"
    nearest = guess.candidates[:1]
    return f"{told}; nearest is {nearest[0].name}, {percent(nearest[0].confidence)}" if nearest else told


def _choices(face: FaceInReview) -> Row:
    """What may be said of the face: five choices at most. `choice_card` has the rarer ones."""
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
    """Back to the last answer, away from the review, and to where the face is from."""
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
    """To the message that was asked about, or the page that a photo was gathered from."""
    if face.source is not None:
        web = face.source.startswith(("https://", "http://")) and len(face.source) <= LONGEST_LINK
        return Button(label="Its page", url=face.source) if web else None
    if face.channel_id is None or face.source_message_id is None:
        return None
    address = f"https://discord.com/channels/{face.server_id}/{face.channel_id}/{face.source_message_id}"
    return Button(label="The message", url=address)


def _nothing_told(nothing: NothingLeft) -> str:
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
        told = ", ".join(f"{plain(name)} ({photos})" for name, photos in nothing.fewest)
        lines.append(f"What helps next: photos of those who have the fewest: {told}. `/member add` takes them.")
    else:
        lines.append("What helps next: a group with members. `/group add` begins it.")
    return "\n".join(lines)
