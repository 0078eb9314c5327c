"""Messages are values that can be pickled, and each edge renders them in its own markup."""

from __future__ import annotations

import ast
import pickle
import string
import time
from typing import TYPE_CHECKING

import pytest

from bot.commands import messages
from bot.commands.messages import render_for_terminal
from bot.domain.messages import AllOf, AnyOf, Code, Hint, Lines, Message, Moment, SlashCommand, Strong
from bot.domain.quotas import Quota, quota_full_message
from bot.errors import (
    BusyError,
    EngineBrokenError,
    EngineMissingError,
    NoRosterError,
    PersonError,
    UnencodedPhotosError,
    UnknownGroupError,
    UnknownMemberError,
)
from bot.gather.client.fetch import NoContactError
from cogs.common.markup import HINTS, render_for_discord
from tests.support.sources import modules, tree_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bot.domain.messages import Parameter

ALL: dict[str, tuple[Parameter, str, str]] = {
    "text": ("a_b*", "a_b*", r"a\_b\*"),
    "number": (12, "12", "12"),
    "strong": (Strong("A*B"), "A*B", r"**A\*B**"),
    "code": (Code("f_(x)"), "f_(x)", "`f_(x)`"),
    "sequence": (["a", "b", "c"], "a, b, c", "a, b, c"),
    "all": (AllOf(["a", Strong("b"), "c"]), "a, b and c", "a, **b** and c"),
    "one": (AllOf(["a"]), "a", "a"),
    "any": (AnyOf(["a", "b", "c"]), "a or b or c", "a or b or c"),
    "moment": (Moment(1_000_000_000.2), "now", "<t:1000000001:R>"),
    "lines": (Lines(["a", Message("{b}.", b="b_")]), "a\nb_.", "a\nb\\_."),
}


@pytest.mark.parametrize("kind", ALL)
def test_each_kind_of_parameter_is_rendered_in_the_edges_markup(kind: str) -> None:
    value, terminal, discord = ALL[kind]
    message = Message("It is {value}.", value=value)
    assert render_for_terminal(message) == f"It is {terminal}."
    assert render_for_discord(message) == f"It is {discord}."


@pytest.mark.parametrize(
    ("seconds", "told"), [(1, "in 1 second"), (89, "in 89 seconds"), (90, "in 2 minutes"), (-5, "now")]
)
def test_a_terminal_tells_how_far_a_time_is(seconds: int, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time", lambda: 1000.0)
    assert render_for_terminal(BusyError(1000.0 + seconds)).endswith(f"Ask again {told}.")


def test_a_log_has_the_time_itself() -> None:
    assert str(BusyError(3723.0)).endswith("Ask again at 01:02:03 UTC.")


def test_numbers_take_a_format() -> None:
    assert str(Message("{count:,} in {seconds:.0f} s", count=1234567, seconds=2.7)) == "1,234,567 in 3 s"


def test_a_command_is_a_slash_command_on_discord_alone() -> None:
    message = Message("Look at {command}.", command=SlashCommand("model status"))
    assert render_for_discord(message) == "Look at `/model status`."
    with pytest.raises(ValueError, match="/model status"):
        render_for_terminal(message)


def test_a_hint_is_a_sentence_of_its_own_or_the_end_of_one() -> None:
    assert render_for_discord(Message("My disk is full", hint=Hint.OPERATOR_MUST_MEND)) == (
        "My disk is full, which only my owner can mend."
    )
    assert render_for_discord(Message("It broke.", hint=Hint.OPERATOR_MENDS)) == "It broke. My owner can mend that."
    assert render_for_terminal(Message("It broke.", hint=Hint.OPERATOR_MENDS)) == "It broke."


def test_discord_has_a_sentence_for_every_hint() -> None:
    assert set(HINTS) == set(Hint)


EDGES = {"discord": (HINTS, render_for_discord), "terminal": (messages.HINTS, render_for_terminal)}


@pytest.mark.parametrize("hint", Hint, ids=lambda hint: hint.name)
@pytest.mark.parametrize("edge", EDGES)
def test_a_hint_renders_each_kind_of_parameter_as_its_sentence_does(edge: str, hint: Hint) -> None:
    sentences, rendered = EDGES[edge]
    fields = [field for _, field, _, _ in string.Formatter().parse(sentences.get(hint, "")) if field]
    for kind in ALL:
        value, *written = ALL[kind]
        shown = rendered(Message("It.", hint=hint, **dict.fromkeys(fields, value)))
        assert shown.count(written[edge == "discord"]) >= len(fields)
        assert "Code(" not in shown
        assert "Strong(" not in shown


def hinted() -> Iterator[tuple[Hint, set[str]]]:
    """Each call that gives a hint, and the names of its parameters."""
    for module in [*modules("bot"), *modules("cogs")]:
        for node in ast.walk(tree_of(module)):
            if isinstance(node, ast.Call):
                given = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
                if str(given.get("hint")).startswith("Hint."):
                    yield Hint[given["hint"].removeprefix("Hint.")], {name for name in given if name}


def test_each_hint_is_given_its_parameters() -> None:
    given = list(hinted())
    assert {hint for hint, _ in given} == set(Hint)
    for hint, names in given:
        for sentences, _ in EDGES.values():
            assert {field for _, field, _, _ in string.Formatter().parse(sentences.get(hint, "")) if field} <= names


def test_hints_show_settings_and_commands_as_people_type_them() -> None:
    contact, room = NoContactError().message, quota_full_message(Quota.GROUPS, 2)
    assert render_for_discord(contact).endswith("My owner sets `NUGU_GATHER_CONTACT` first.")
    assert render_for_terminal(contact).endswith("Set NUGU_GATHER_CONTACT first.")
    assert render_for_discord(room).endswith(
        "Make room with `/group remove`, or ask my owner to raise `NUGU_QUOTA_GROUPS`."
    )
    assert render_for_terminal(room).endswith("Raise NUGU_QUOTA_GROUPS, or remove some.")
    assert "`nugu engine install a_b`" in render_for_discord(EngineMissingError("a_b").message)
    assert render_for_terminal(UnencodedPhotosError("a_b")).endswith("Let it look at the photos: nugu engine use a_b")


@pytest.mark.parametrize(
    ("error", "discord"),
    [
        (EngineBrokenError("dlib", "no file"), "The engine dlib can't be loaded; its files may be damaged. My owner"),
        (UnknownGroupError("a_b", []), r"I don't know a group called “a\_b”. Add it first with `/group add`."),
        (NoRosterError(private=True), "I don't know whom you might mean here. Ask me once in a server that I am in:"),
        (PersonError("{count} of {name}", count=2, name=Strong("{x}")), "2 of **{x}**"),
    ],
)  # fmt: skip
def test_an_error_can_be_pickled(error: PersonError, discord: str) -> None:
    unpickled = pickle.loads(pickle.dumps(error))
    assert type(unpickled) is type(error)
    assert unpickled.message == error.message
    assert vars(unpickled) == vars(error)
    assert render_for_discord(unpickled.message).startswith(discord)


@pytest.mark.parametrize(
    ("known", "listed"),
    [(["a_b"], r"I know: a\_b."), ([str(n) for n in range(12)], "I know: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, and 2 more.")],
)
def test_known_groups_are_listed(known: list[str], listed: str) -> None:
    assert render_for_discord(UnknownGroupError("x", known).message) == f"I don't know a group called “x”. {listed}"


def test_members_with_similar_names_are_offered() -> None:
    error = UnknownMemberError("x", None, ["a", "b"])
    assert (
        render_for_discord(error.message) == "I don't know a member called “x” of any group here. Did you mean a or b?"
    )
