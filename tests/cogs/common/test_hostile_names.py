"""No name from outside breaks out of a card: each sentence and each card is made of hostile names and of the longest ones."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from importlib import import_module
from typing import Any

import discord
import pytest

from bot.domain.messages import Message
from bot.text.names import LONGEST_NAME
from cogs.common.discord_limits import LONGEST_ALT, LONGEST_OPTION, MAX_TEXT
from cogs.common.markup import code, plain, render_for_discord
from tests.support.hostile import HOSTILE, MARK, Maker
from tests.support.sources import modules, name_of

SEEDS = 8

WITHOUT_MARKUP = (
    "alt_text",
    "_button",
    "_option",
    "_choice",
    "face_text",
    "annotation_text",
    "file_line",
    "who_question",
)
"""The ends of names of functions whose texts Discord shows as they are: descriptions, labels, lines of a file."""

IN_MARKUP = {
    "cogs.clips.texts.explanation": "sentence",
    "cogs.clips.texts.heading": "address",
    "cogs.corrections.texts.who_heading": "question",
    "cogs.review.texts.face_title": "question",
    "cogs.clips.cards.clip_card": "note",
}
"""Parameters that another function of the edge has written in markup."""

UNMADE = {
    "cogs.answers.cards.picture_urls": "takes a message of Discord",
    "cogs.clips.cards.clip_files": "opens a clip",
    "cogs.twins.cards.twins_card": "wants pairs that fit together",
    "cogs.twins.texts.table_alt_text": "wants pairs that fit together",
}
"""Functions that annotations alone give no arguments for."""


def functions(kind: str) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The public functions of each module of that name in `cogs`."""
    for path in modules("cogs"):
        if path.stem == kind:
            module = import_module(name_of(path))
            for name, function in vars(module).items():
                if inspect.isfunction(function) and function.__module__ == module.__name__ and name[0] != "_":
                    yield f"{module.__name__}.{name}", function


def results(name: str, function: Callable[..., Any], **made: Any) -> Iterator[Any]:
    """What a function makes of invented arguments. It has no words for some values of an enumeration."""
    for seed in range(SEEDS):
        try:
            arguments = Maker(seed, **made).arguments(function)
            if (given := IN_MARKUP.get(name)) is not None:
                arguments[given] = "as written"
            yield function(**arguments)
        except KeyError as error:
            if "Trust.MEMBER" not in str(error) and "Quota." not in str(error):
                raise


def texts_in(result: Any) -> Iterator[str]:
    """The texts of a result that Discord reads as markup."""
    match result:
        case str():
            yield result
        case Message():
            yield render_for_discord(result)
        case list() | tuple():
            for one in result:
                yield from texts_in(one)
        case discord.ui.LayoutView() | discord.ui.Container() | discord.ui.Section():
            for one in result.walk_children():
                yield from texts_in(one)
        case discord.ui.TextDisplay():
            yield result.content
        case _:
            pass


def breakers(kind: str) -> set[str]:
    """The functions of a kind of module that show a hostile name other than escaped."""
    return {
        name
        for name, function in functions(kind)
        if name not in UNMADE and not name.endswith(WITHOUT_MARKUP)
        for result in results(name, function)
        for text in texts_in(result)
        if MARK in text.replace(plain(HOSTILE), "") or set(text) & set("\x1b\r\u202e")
    }


@pytest.mark.parametrize("kind", ["texts", "cards"])
def test_every_name_is_escaped(kind: str) -> None:
    assert not breakers(kind) - {"cogs.clips.cards.clip_name"}


def test_a_name_that_is_not_escaped_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = import_module("cogs.roster.gathering.texts")
    monkeypatch.setattr(texts, "plain", lambda text: text)
    assert breakers("texts") == {"cogs.roster.gathering.texts.gathering_text"}


def too_long(component: dict[str, Any]) -> list[str]:
    """The fields of a component that Discord would refuse for their length."""
    is_button = component.get("type") == discord.ComponentType.button.value
    limits = {
        "label": 80 if is_button else LONGEST_OPTION,
        "description": LONGEST_ALT if "media" in component else LONGEST_OPTION,
        "placeholder": 150,
        "custom_id": 100,
    }
    return [field for field, most in limits.items() if len(component.get(field) or "") > most]


def components(value: Any) -> Iterator[dict[str, Any]]:
    """Each component of a card as Discord gets it, however deep."""
    if isinstance(value, dict):
        yield value
    for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from components(one)


def test_ten_of_the_longest_names_fit_on_each_card() -> None:
    wrong: set[str] = set()
    for name, function in functions("cards"):
        for result in () if name in UNMADE else results(name, function, text="*" * LONGEST_NAME, most=10):
            card = result[0] if isinstance(result, tuple) else result
            if isinstance(card, discord.ui.LayoutView):
                found = list(components(card.to_components()))
                letters = sum(len(one["content"]) for one in found if "content" in one)
                wrong |= {f"{name}: {field}" for one in found for field in too_long(one)}
                wrong |= {f"{name}: {letters} letters"} if letters > MAX_TEXT else set()
    assert not wrong


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\n# b\r> c", r"a \# b \> c"),
        ("gnp\u202eexe\u2066", "gnpexe"),
        ("쯔위 é ❤️\u200d🔥", "쯔위 é ❤️\u200d🔥"),
        ("\x1b[2J", r" \[2J"),
        ("https://a.b", r"https\://a.b"),
    ],
)
def test_a_name_stays_on_its_line(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_code_cannot_be_ended_from_within() -> None:
    assert code("a_b") == "`a_b`"
    assert code("a\nb") == "`a b`"
    assert code("a`**b") == r"a\`\*\*b"
