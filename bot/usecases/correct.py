"""What people say of an answer: confirm, correct, undo. Every word is kept with who, when and about which face."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.database.questions import Questions
from bot.database.rosters import Rosters
from bot.database.tables import HOUSE, Member, key_of
from bot.errors import PersonError
from bot.trust import Trust
from bot.usecases.identify import read_again
from bot.words import Meaning

if TYPE_CHECKING:
    from bot.answers import Answer
    from bot.app import App


@dataclass(frozen=True, slots=True)
class Speaker:
    """The person who says something, and the trust they have while saying it."""

    id: int
    trust: Trust

    @property
    def counts(self) -> bool:
        """Whether their word counts at once; anybody else's is a suggestion."""
        return self.trust >= Trust.TRUSTED


@dataclass(frozen=True, slots=True)
class Said:
    """The answer after a word, and the sentence for who said it."""

    answer: Answer
    sentence: str


async def confirm(app: App, question_id: int, speaker: Speaker) -> Said:
    """All names of the answer are right. Faces that somebody corrected keep their correction."""
    answer = await read_again(app, question_id)
    named = [face for _, face in answer.faces if face.guess.name is not None and face.word is None]
    if not named:
        raise PersonError("There is no name here left to confirm.")
    async with app.database.writing() as session:
        for face in named:
            await Questions(session).say(
                face.id,
                Meaning.MEMBER,
                member_id=face.guess.member,
                name=face.guess.name,
                by=speaker.id,
                trust=speaker.trust,
                counts=speaker.counts,
            )
    return Said(await read_again(app, question_id), _thanks(speaker, "Confirmed."))


async def say_member(app: App, question_id: int, face_id: int, member_id: int, speaker: Speaker) -> Said:
    """This face is that member; raises PersonError when either is gone."""
    await _face(app, question_id, face_id)
    async with app.database.writing() as session:
        member = await session.get(Member, member_id)
        if member is None:
            raise PersonError("That member has been removed since.")
        await Questions(session).say(
            face_id,
            Meaning.MEMBER,
            member_id=member.id,
            name=member.name,
            by=speaker.id,
            trust=speaker.trust,
            counts=speaker.counts,
        )
    return Said(await read_again(app, question_id), _thanks(speaker, f"Noted: {member.name}."))


async def say_name(app: App, question_id: int, face_id: int, text: str, speaker: Speaker) -> Said:
    """This face is whoever `text` names, in any spelling of the rosters; an unknown name is kept as it was typed."""
    answer = await read_again(app, question_id)
    name = " ".join(text.split())
    if not name:
        raise PersonError("Type a name, please.")
    async with app.database.reading() as session:
        members = await Rosters(session).members({HOUSE, answer.server_id or HOUSE})
    known = next((member for member in members if member.key == key_of(name)), None)
    if known is not None:
        return await say_member(app, question_id, face_id, known.id, speaker)
    await _face(app, question_id, face_id)
    async with app.database.writing() as session:
        await Questions(session).say(
            face_id,
            Meaning.MEMBER,
            member_id=None,
            name=name[:100],
            by=speaker.id,
            trust=speaker.trust,
            counts=speaker.counts,
        )
    sentence = f"Noted: {name}. Nobody of that name is enrolled yet; a moderator can with `/member add`."
    return Said(await read_again(app, question_id), _thanks(speaker, sentence))


async def say_nobody(app: App, question_id: int, face_id: int, meaning: Meaning, speaker: Speaker) -> Said:
    """This face is nobody of the roster, or no face at all."""
    await _face(app, question_id, face_id)
    async with app.database.writing() as session:
        await Questions(session).say(
            face_id,
            meaning,
            member_id=None,
            name=None,
            by=speaker.id,
            trust=speaker.trust,
            counts=speaker.counts,
        )
    told = "not a face" if meaning is Meaning.NOT_A_FACE else "not a member"
    return Said(await read_again(app, question_id), _thanks(speaker, f"Noted: {told}."))


async def undo(app: App, question_id: int, speaker: Speaker) -> Said:
    """Take back the last word that counts; for trusted people."""
    if not speaker.counts:
        raise PersonError("Only people whom the moderators trust can undo a word.")
    async with app.database.writing() as session:
        questions = Questions(session)
        word = await questions.last_counting_word(question_id)
        if word is None or not await questions.undo(word.id, speaker.id):
            raise PersonError("There is nothing left to undo.")
    return Said(await read_again(app, question_id), "Undone.")


async def _face(app: App, question_id: int, face_id: int) -> None:
    answer = await read_again(app, question_id)
    if answer.face(face_id) is None:
        raise PersonError("I no longer know that face.")


def _thanks(speaker: Speaker, sentence: str) -> str:
    if speaker.counts:
        return sentence
    return f"{sentence} Thank you: it is kept as a suggestion until somebody trusted here agrees."
