"""Judges what a bot sends to Discord: by Discord's OpenAPI description, and by the rules that it leaves out."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from urllib.parse import unquote

from tests.support.discord_commands import autocomplete_problems, bulk_problems, command_problems
from tests.support.discord_components import modal_problems
from tests.support.discord_messages import FileInfo, message_problems
from tests.support.discord_schema import load_schema
from tests.support.jsonish import as_object

Files = Mapping[str, FileInfo] | Sequence[str]
"""Uploaded files by multipart field (``files[0]``), or their names alone, in order."""

_Rule = Callable[[object, Mapping[str, FileInfo]], Iterator[str]]
_API_PREFIX = re.compile(r"^.*?/api/v\d+(?=/)")


def check_request(method: str, path: str, json_body: object, files: Files = ()) -> None:
    """Accept a request that Discord would accept.

    ``path`` starts below the version (``/channels/1/messages``); a whole URL will do as well. For a multipart request
    ``json_body`` is its ``payload_json``, or its plain fields where it has none.

    Raises AssertionError with one line for each problem: where it is and what is wrong.
    """
    found = problems(method, path, json_body, files)
    if found:
        raise AssertionError("\n  ".join([f"{method} {api_path(path)} would be refused:", *found]))


def problems(method: str, path: str, json_body: object, files: Files = ()) -> list[str]:
    """What `check_request` finds wrong."""
    return [*schema_problems(method, path, json_body, files), *rule_problems(method, path, json_body, files)]


def schema_problems(method: str, path: str, json_body: object, files: Files = ()) -> list[str]:
    """Where a request differs from Discord's description; empty as well where there is no description."""
    schema = load_schema()
    return [] if schema is None else schema.problems(method, api_path(path), json_body, list(_by_field(files)))


def rule_problems(method: str, path: str, json_body: object, files: Files = ()) -> list[str]:
    """Which of the rules that the description leaves out a request breaks."""
    request = f"{method} {api_path(path)}"
    for pattern, rule in _RULES:
        if pattern.fullmatch(request):
            return list(rule(json_body, _by_field(files)))
    return []


def api_path(path: str) -> str:
    """The path below the API's version, without query and percent signs."""
    return unquote(_API_PREFIX.sub("", path.partition("?")[0]))


def _by_field(files: Files) -> Mapping[str, FileInfo]:
    if isinstance(files, Mapping):
        return files
    return {f"files[{index}]": FileInfo(name) for index, name in enumerate(files)}


def _created(body: object, files: Mapping[str, FileInfo]) -> Iterator[str]:
    return message_problems(as_object(body), files, edit=False)


def _edited(body: object, files: Mapping[str, FileInfo]) -> Iterator[str]:
    return message_problems(as_object(body), files, edit=True)


def _thread(body: object, files: Mapping[str, FileInfo]) -> Iterator[str]:
    """A thread in a forum starts with a message; one in a text channel has none."""
    message = as_object(body).get("message")
    return _created(message, files) if message is not None else iter(())


def _callback(body: object, files: Mapping[str, FileInfo]) -> Iterator[str]:
    """The answer to an interaction: 4 a message, 7 an edit, 8 autocomplete, 9 a form; 5 and 6 defer."""
    answer = as_object(body)
    data = as_object(answer.get("data"))
    match answer.get("type"):
        case 4:
            return _created(data, files)
        case 7:
            return _edited(data, files)
        case 8:
            return autocomplete_problems(data)
        case 9:
            return modal_problems(data)
        case _:
            return iter(())


def _command(body: object, _: Mapping[str, FileInfo]) -> Iterator[str]:
    return command_problems(as_object(body))


def _commands(body: object, _: Mapping[str, FileInfo]) -> Iterator[str]:
    return bulk_problems(body)


_RULES: list[tuple[re.Pattern[str], _Rule]] = [
    (re.compile(r"POST /channels/\d+/messages"), _created),
    (re.compile(r"PATCH /channels/\d+/messages/\d+"), _edited),
    (re.compile(r"POST /channels/\d+/threads"), _thread),
    (re.compile(r"POST /webhooks/\d+/[^/]+"), _created),
    (re.compile(r"PATCH /webhooks/\d+/[^/]+/messages/[^/]+"), _edited),
    (re.compile(r"POST /interactions/\d+/[^/]+/callback"), _callback),
    (re.compile(r"PUT /applications/\d+(/guilds/\d+)?/commands"), _commands),
    (re.compile(r"POST /applications/\d+(/guilds/\d+)?/commands"), _command),
]
