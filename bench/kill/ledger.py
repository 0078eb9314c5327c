"""The list of what the bot has acknowledged, and its comparison with the database and with Discord."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.wire_world import Json

UNFINISHED = ("WAITING", "WORKING", "SENDING")
_LOADING = 1 << 7
_TAKEN = "I have it"


@dataclass(frozen=True)
class Added:
    """A member that the bot said it knows by a number of photos. `learns`: questions may have added more since."""

    server: int
    group: str
    member: str
    photos: int
    learns: bool = False


@dataclass
class Ledger:
    """What the bot has acknowledged so far.

    `confirmed`: the questions whose names a moderator confirmed, and the moderator. `cards`: the message of each answer that
    still stands, by question. `clips`: the cards and acknowledgements of requests for clips. `asked`: the
    messages with a picture to which the bot replied. `trainings`: the trainings that it has begun.
    """

    added: list[Added] = field(default_factory=list[Added])
    confirmed: dict[int, int] = field(default_factory=dict[int, int])
    clips: list[int] = field(default_factory=list[int])
    asked: list[int] = field(default_factory=list[int])
    questions: int = 0
    trainings: int = 0
    refused: Counter[str] = field(default_factory=Counter[str])

    def counts(self) -> str:
        """The numbers of things on the list, in one line."""
        photos = sum(each.photos for each in self.added)
        return (
            f"{self.questions} answers, {len(self.confirmed)} corrections, {len(self.added)} members with {photos} photos, "
            f"{len(self.clips)} clips, {self.trainings} trainings"
        )


def faults(ledger: Ledger, database: Path, cards: dict[int, int], messages: dict[int, Json]) -> Iterator[str]:
    """What of the list isn't in the database, or is there twice.

    `cards`: the message of each answer that stands on Discord, by question. `messages`: all messages on Discord.
    """
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        yield from _of_photos(ledger, connection)
        yield from _of_corrections(ledger, connection)
        yield from _of_cards(cards, connection)
        yield from _of_clips(ledger, connection, messages)
    yield from _of_replies(ledger, messages)


def unfinished_clips(database: Path) -> int:
    """The number of jobs that wait or are at work."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        marks = ", ".join("?" * len(UNFINISHED))
        query = f"SELECT count(*) FROM clip_job WHERE state IN ({marks})"
        return connection.execute(query, UNFINISHED).fetchone()[0]


def _of_photos(ledger: Ledger, connection: sqlite3.Connection) -> Iterator[str]:
    query = (
        "SELECT g.server_id, g.name, m.name, count(p.id) FROM member m JOIN idol_group g ON g.id = m.group_id "
        "LEFT JOIN photo p ON p.member_id = m.id GROUP BY m.id"
    )
    there: Counter[tuple[int, str, str]] = Counter()
    members: Counter[tuple[int, str, str]] = Counter()
    for server, group, member, photos in connection.execute(query):
        there[server, group, member] += photos
        members[server, group, member] += 1
    for each in ledger.added:
        found = there[each.server, each.group, each.member]
        if found < each.photos or (found > each.photos and not each.learns):
            yield f"{each.member} of {each.group} has {found} photos in place of {each.photos}"
    yield from (
        f"{member} of {group} is there {count} times" for (_, group, member), count in members.items() if count > 1
    )


def _of_corrections(ledger: Ledger, connection: sqlite3.Connection) -> Iterator[str]:
    query = (
        "SELECT p.question_id, w.said_by, f.id, count(w.id) FROM question_picture p JOIN question_face f "
        "ON f.picture_id = p.id JOIN word w ON w.face_id = f.id AND w.undone_at IS NULL AND w.counts GROUP BY 1, 2, 3"
    )
    said: dict[tuple[int, int], int] = {}
    for question, author, face, count in connection.execute(query):
        said[question, author] = count
        if count > 1:
            yield f"face {face} of question {question} is labelled {count} times"
    for question, author in ledger.confirmed.items():
        if (question, author) not in said:
            yield f"the names of question {question} were confirmed, and no label is there"


def _of_cards(cards: dict[int, int], connection: sqlite3.Connection) -> Iterator[str]:
    """A card that the database doesn't know forgets no face when it is deleted."""
    known = dict(connection.execute("SELECT id, card_message_id FROM question WHERE hidden_at IS NULL"))
    clips = dict(connection.execute("SELECT question_id, answer_id FROM clip_job WHERE question_id IS NOT NULL"))
    for question, card in cards.items():
        if question not in known:
            yield f"card {card} stands for question {question}, which is not there"
        elif card not in (known[question], clips.get(question)):
            yield f"card {card} of question {question} is not in the database, so its deletion forgets nothing"


def _of_clips(ledger: Ledger, connection: sqlite3.Connection, messages: dict[int, Json]) -> Iterator[str]:
    query = "SELECT id, state, card_id, answer_id FROM clip_job"
    by_card: Counter[int] = Counter()
    for job, state, card, answer in connection.execute(query):
        by_card[card] += 1
        if state in UNFINISHED:
            yield f"clip {job} is still {state}"
        if state == "FAILED":
            yield f"clip {job} was given up"
        if state == "DONE" and answer not in messages:
            yield f"clip {job} is done, and its message is not there"
    for card in ledger.clips:
        shown = str(messages.get(card, ""))
        if by_card[card] > 1:
            yield f"the clip of card {card} has {by_card[card]} jobs"
        if _TAKEN in shown:
            yield f"card {card} says that a clip was taken, and nothing else, and has {by_card[card]} jobs"
        # Nothing is promised before a job is there: Discord itself says then that the bot didn't respond.
        if by_card[card] and messages.get(card, {}).get("flags", 0) & _LOADING:
            yield f"the clip of card {card} has ended, and Discord still shows that it is thought about"
        posted = [
            message for message in messages.values() if _answers(message, card) and ".mp4" in str(message["components"])
        ]
        if len(posted) > 1:
            yield f"the clip of card {card} is posted {len(posted)} times"


def _of_replies(ledger: Ledger, messages: dict[int, Json]) -> Iterator[str]:
    replies = Counter(_replied_to(message) for message in messages.values())
    yield from (f"message {asked} has {replies[asked]} replies" for asked in ledger.asked if replies[asked] > 1)


def _answers(message: Json, card: int) -> bool:
    return int(message["id"]) == card or _replied_to(message) == card


def _replied_to(message: Json) -> int:
    reference: Json = message.get("message_reference") or {}
    return int(reference.get("message_id", 0))
