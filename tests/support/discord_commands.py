"""What Discord asks of application commands and autocomplete answers, beyond what its OpenAPI description says.

Source: https://docs.discord.com/developers/interactions/application-commands
"""

import functools
import unicodedata
from collections.abc import Iterator

from tests.support.jsonish import JsonObject, amount, as_int, as_list, as_text, length, numbered, objects, repeated

_CHAT_INPUT, _SUBCOMMAND, _GROUP = 1, 1, 2
_MAX_BY_TYPE = {1: 100, 2: 15, 3: 15}


def bulk_problems(commands: object) -> Iterator[str]:
    """The rules of a bulk overwrite: those of each command, unique names, and how many of each type."""
    found = objects(commands)
    for kind, most in _MAX_BY_TYPE.items():
        names = [as_text(command.get("name")) for command in found if as_int(command.get("type"), _CHAT_INPUT) == kind]
        yield from amount("commands", len(names), 0, most, f"commands of type {kind}")
        yield from repeated("commands", names, f"name of type {kind}")
    for index, command in enumerate(found):
        for problem in command_problems(command):
            yield f"[{index}] {as_text(command.get('name'))!r} {problem}"


def command_problems(command: JsonObject) -> Iterator[str]:
    """The rules of one command."""
    if as_int(command.get("type"), _CHAT_INPUT) != _CHAT_INPUT:
        yield from length("name", command.get("name"), 1, 32)
        if command.get("description") or command.get("options"):
            yield "a context menu has no description and no options"
        return
    yield from _named(command, "")
    yield from _option_problems(command, "")
    if (total := _text_total(command)) > 8000:
        yield f"{total} characters in all names, descriptions and choices, at most 8000"


def autocomplete_problems(data: JsonObject) -> Iterator[str]:
    """The rules of an answer to autocomplete (callback type 8)."""
    yield from _choice_problems(data, "data")


def _named(item: JsonObject, where: str) -> Iterator[str]:
    """Name and description of a chat command or an option."""
    prefix = f"{where}." if where else ""
    name = as_text(item.get("name"))
    yield from length(f"{prefix}name", name, 1, 32)
    if not all(_name_character(character) for character in name):
        yield f"{prefix}name: {name!r} has other characters than letters, digits, - _ '"
    if name != name.lower():
        yield f"{prefix}name: {name!r} is not in lower case"
    yield from length(f"{prefix}description", item.get("description"), 1, 100)


@functools.cache
def _name_character(character: str) -> bool:
    """Discord's ``^[-_'\\p{L}\\p{N}\\p{sc=Deva}\\p{sc=Thai}]{1,32}$``; the two scripts need their marks too."""
    if character in "-_'" or unicodedata.category(character)[0] in "LN":
        return True
    return unicodedata.name(character, "").startswith(("DEVANAGARI", "THAI"))


def _option_problems(parent: JsonObject, where: str) -> Iterator[str]:
    options = numbered(parent, "options", where)
    base = f"{where}.options" if where else "options"
    yield from amount(base, len(options), 0, 25, "options")
    yield from repeated(base, [as_text(option.get("name")) for _, option in options], "name")
    nests = [as_int(option.get("type"), 0) in (_SUBCOMMAND, _GROUP) for _, option in options]
    if any(nests) and not all(nests):
        yield f"{base}: subcommands stand beside plain options"
    seen_optional = False
    for (place, option), nested in zip(options, nests, strict=True):
        yield from _named(option, place)
        if nested:
            yield from _option_problems(option, place)
            continue
        if option.get("required") is True and seen_optional:
            yield f"{place}: is required, but stands after an optional one"
        seen_optional = seen_optional or option.get("required") is not True
        yield from _choice_problems(option, place)
        yield from _bounds(option, place)
        if option.get("autocomplete") is True and option.get("choices"):
            yield f"{place}: has choices and autocomplete"


def _choice_problems(parent: JsonObject, where: str) -> Iterator[str]:
    choices = numbered(parent, "choices", where)
    yield from amount(f"{where}.choices", len(choices), 0, 25, "choices")
    yield from repeated(f"{where}.choices", [as_text(choice.get("name")) for _, choice in choices], "name")
    for place, choice in choices:
        yield from length(f"{place}.name", choice.get("name"), 1, 100)
        if isinstance(choice.get("value"), str):
            yield from length(f"{place}.value", choice["value"], 1, 100)


def _bounds(option: JsonObject, where: str) -> Iterator[str]:
    for least_key, most_key in (("min_value", "max_value"), ("min_length", "max_length")):
        least, most = option.get(least_key), option.get(most_key)
        if isinstance(least, int | float) and isinstance(most, int | float) and least > most:
            yield f"{where}: {least_key} {least} is above {most_key} {most}"


def _text_total(item: JsonObject) -> int:
    """Characters in names, descriptions and choices of a command, at all depths."""
    own = len(as_text(item.get("name"))) + len(as_text(item.get("description"))) + len(as_text(item.get("value")))
    children = [*objects(as_list(item.get("options"))), *objects(as_list(item.get("choices")))]
    return own + sum(_text_total(child) for child in children)
