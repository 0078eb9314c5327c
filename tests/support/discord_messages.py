"""What Discord asks of a message as a whole, beyond what its OpenAPI description says.

Sources: https://docs.discord.com/developers/resources/message and …/developers/reference (uploading files)
"""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from tests.support.discord_components import V2_KINDS, Kind, PlacedComponent, component_problems, walk
from tests.support.jsonish import JsonObject, amount, as_int, as_list, as_object, as_text, length, objects, repeated

_IS_COMPONENTS_V2 = 1 << 15
_MENTION_KINDS = ("users", "roles", "everyone")
_ATTACHMENT = "attachment://"
_SAFE_FILENAME = re.compile(r"[A-Za-z0-9_.-]+")
_FILE_FIELD = re.compile(r"files\[(\d+)\]")


@dataclass(frozen=True)
class FileInfo:
    """An uploaded file; ``data`` is None where only its name is known."""

    filename: str
    content_type: str = "application/octet-stream"
    data: bytes | None = None

    @property
    def sha256(self) -> str:
        """The hex digest of the bytes."""
        return hashlib.sha256(self.data or b"").hexdigest()


@dataclass(frozen=True)
class Message:
    """The body of a message that is created or edited, with the files in the same request by field name."""

    body: JsonObject
    files: Mapping[str, FileInfo]
    edit: bool

    @cached_property
    def placed(self) -> list[PlacedComponent]:
        """All its components, nested ones included."""
        return list(walk(self.body))

    @cached_property
    def is_v2(self) -> bool:
        """Whether the flag of Components V2 is set."""
        return bool(as_int(self.body.get("flags"), 0) & _IS_COMPONENTS_V2)

    @cached_property
    def references(self) -> list[tuple[str, str]]:
        """Each ``attachment://NAME`` in components and embeds: its place and the name."""
        parts = {key: self.body.get(key) for key in ("components", "embeds")}
        return [(place, text.removeprefix(_ATTACHMENT)) for place, text in _strings(parts) if _ATTACHMENT in text]


def message_problems(body: JsonObject, files: Mapping[str, FileInfo], *, edit: bool) -> Iterator[str]:
    """Every rule of a message that the body breaks."""
    message = Message(body, files, edit)
    yield from _content(message)
    yield from _flag(message)
    yield from _component_totals(message)
    yield from component_problems(message.placed)
    yield from _uploads(message)
    yield from _references(message)
    yield from _embeds(message)
    yield from _allowed_mentions(as_object(body.get("allowed_mentions")))


def _content(message: Message) -> Iterator[str]:
    body = message.body
    yield from length("content", body.get("content"), 0, 2000)
    something = any(body.get(key) for key in ("content", "embeds", "components", "sticker_ids", "poll"))
    if not (message.edit or something or message.files):
        yield "body: the message is empty"


def _flag(message: Message) -> Iterator[str]:
    if message.is_v2:
        for key in ("content", "embeds", "poll", "sticker_ids"):
            if message.body.get(key):
                yield f"{key}: stands beside Components V2, which replace it"
        return
    for item in message.placed:
        if item.kind in V2_KINDS:
            yield f"{item.where}: type {item.kind} needs the flag IS_COMPONENTS_V2"


def _component_totals(message: Message) -> Iterator[str]:
    if not message.is_v2:
        yield from amount("components", len(objects(message.body.get("components"))), 0, 5, "action rows")
        return
    yield from amount("components", len(message.placed), 0, 40, "components, nested ones included")
    texts = [as_text(item.body.get("content")) for item in message.placed if item.kind == Kind.TEXT_DISPLAY]
    if (total := sum(map(len, texts))) > 4000:
        yield f"components: {total} characters in all text displays, at most 4000"


def _uploads(message: Message) -> Iterator[str]:
    """Files and the ``attachments`` list name each other; in Components V2 each file is shown somewhere."""
    yield from amount("files", len(message.files), 0, 10, "files")
    yield from repeated("files", [info.filename for info in message.files.values()], "filename")
    indexes = _indexes(message.files)
    for field, info in message.files.items():
        if field not in indexes.values():
            yield f"files: {field!r} is not named files[n]"
        if info.data == b"":
            yield f"files: {info.filename!r} is empty"
    if (listed := message.body.get("attachments")) is not None:
        entries = objects(listed)
        ids = [str(entry.get("id")) for entry in entries]
        yield from repeated("attachments", ids, "id")
        for entry, entry_id in zip(entries, ids, strict=True):
            yield from length(f"attachments id {entry_id}: description", entry.get("description"), 0, 1024)
            # On an edit an unknown id is that of an attachment which the message already has, and keeps.
            if entry_id not in indexes and not (message.edit and _is_snowflake(entry_id)):
                yield f"attachments: id {entry_id} has no file in the request"
        for index, field in indexes.items():
            if index not in ids:
                yield f"files: {field} is not in the list of attachments"
    if message.is_v2:
        shown = {name for _, name in message.references}
        for info in message.files.values():
            if info.filename not in shown:
                yield f"files: {info.filename!r} is uploaded, but no component shows it"


def _references(message: Message) -> Iterator[str]:
    """Each ``attachment://NAME`` is a file of the request, or one that an edit keeps."""
    known = {info.filename for info in message.files.values()}
    kept = [entry for entry in objects(message.body.get("attachments")) if _is_snowflake(str(entry.get("id")))]
    known |= {as_text(entry.get("filename")) for entry in kept}
    # An edit that doesn't list its attachments keeps all, and their names can't be seen here.
    keeps_unknown = message.edit and (
        message.body.get("attachments") is None or any("filename" not in entry for entry in kept)
    )
    for place, name in message.references:
        if not _SAFE_FILENAME.fullmatch(name):
            yield f"{place}: {name!r} has characters that Discord replaces in file names, so it won't be found"
        elif name not in known and not keeps_unknown:
            yield f"{place}: no file {name!r} in the request"


def _embeds(message: Message) -> Iterator[str]:
    embeds = objects(message.body.get("embeds"))
    yield from amount("embeds", len(embeds), 0, 10, "embeds")
    counted = ("title", "description", "name", "value", "text")
    total = sum(len(text) for place, text in _strings(embeds) if place.rpartition(".")[2] in counted)
    if total > 6000:
        yield f"embeds: {total} characters in all, at most 6000"


def _allowed_mentions(allowed: JsonObject) -> Iterator[str]:
    parse = [str(kind) for kind in as_list(allowed.get("parse"))]
    yield from repeated("allowed_mentions.parse", parse, "kind")
    for kind in parse:
        if kind not in _MENTION_KINDS:
            yield f"allowed_mentions.parse: {kind!r} is not one of {', '.join(_MENTION_KINDS)}"
    for kind in ("users", "roles"):
        ids = [str(value) for value in as_list(allowed.get(kind))]
        yield from amount(f"allowed_mentions.{kind}", len(ids), 0, 100, "ids")
        yield from repeated(f"allowed_mentions.{kind}", ids, "id")
        if ids and kind in parse:
            yield f"allowed_mentions: parse holds {kind!r}, so a list of {kind} contradicts it"


def _indexes(files: Mapping[str, FileInfo]) -> dict[str, str]:
    """The number that stands for each file in ``attachments``, and the name of its field."""
    matches = [(match[1], field) for field in files if (match := _FILE_FIELD.fullmatch(field))]
    return dict(matches)


def _is_snowflake(value: str) -> bool:
    """Whether an attachment id is Discord's own, not the number of an uploaded file."""
    return value.isdecimal() and len(value) > 10


def _strings(value: object, where: str = "") -> Iterator[tuple[str, str]]:
    """Every string in a JSON value, with its place."""
    if isinstance(value, str):
        yield where, value
    for key, item in as_object(value).items():
        yield from _strings(item, f"{where}.{key}".lstrip("."))
    for index, item in enumerate(as_list(value)):
        yield from _strings(item, f"{where}[{index}]")
