"""The judge of requests is judged: what Discord takes passes, and each rule has a body that breaks it alone."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tests.support.discord_api import check_request, rule_problems, schema_problems
from tests.support.discord_messages import FileInfo
from tests.support.discord_schema import load_schema

Json = dict[str, Any]

V2 = 1 << 15
CREATE = ("POST", "/channels/10/messages")
EDIT = ("PATCH", "/channels/10/messages/20")
CALLBACK = ("POST", "/interactions/30/token/callback")
FOLLOWUP = ("POST", "/webhooks/40/token")
ORIGINAL = ("PATCH", "/webhooks/40/token/messages/@original")
COMMANDS = ("PUT", "/applications/40/commands")

needs_schema = pytest.mark.skipif(load_schema() is None, reason="Discord's OpenAPI description is not here")


def button(custom_id: str = "a", **other: Any) -> Json:
    return {"type": 2, "style": 1, "label": "Right", "custom_id": custom_id, **other}


def row(*children: Json) -> Json:
    return {"type": 1, "components": list(children)}


def text(content: str = "hello") -> Json:
    return {"type": 10, "content": content}


def option(value: str = "v", **other: Any) -> Json:
    return {"label": "Momo", "value": value, **other}


def select(*options: Json, **other: Any) -> Json:
    return {"type": 3, "custom_id": "s", "options": list(options or [option()]), **other}


def gallery(*items: Json) -> Json:
    return {"type": 12, "items": list(items or [{"media": {"url": "attachment://a.png"}}])}


def v2(*components: Json, **other: Any) -> Json:
    return {"flags": V2, "components": list(components), **other}


def modal(*components: Json, **other: Any) -> Json:
    data = {"custom_id": "m", "title": "Who is it?", "components": list(components or [label()]), **other}
    return {"type": 9, "data": data}


def label(component: Json | None = None, **other: Any) -> Json:
    inner = component or {"type": 4, "custom_id": "name", "style": 1}
    return {"type": 18, "label": "Name", "component": inner, **other}


def command(*options: Json, **other: Any) -> Json:
    return {"name": "who", "description": "Who is this?", "options": list(options), **other}


def argument(name: str = "group", **other: Any) -> Json:
    return {"type": 3, "name": name, "description": "Its name", **other}


def choices(*names: str) -> Json:
    return {"type": 8, "data": {"choices": [{"name": name, "value": name} for name in names]}}


PICTURE = {"files[0]": FileInfo("a.png", "image/png", b"png")}
CARD = v2(
    {"type": 17, "accent_color": 0xFF88AA, "components": [text("① Tzuyu 97%"), gallery(), {"type": 14}]},
    {"type": 9, "components": [text()], "accessory": {"type": 11, "media": {"url": "https://example.com/a.png"}}},
    row(button("a"), button("b"), {"type": 2, "style": 5, "label": "Help", "url": "https://example.com"}),
    row(select(option("1"), option("2"), min_values=0, max_values=2)),
    attachments=[{"id": 0, "filename": "a.png", "description": "Tzuyu"}],
)

VALID: list[tuple[str, tuple[str, str], object, Mapping[str, FileInfo] | Sequence[str]]] = [
    ("plain text", CREATE, {"content": "x" * 2000, "tts": False}, ()),
    ("the result card", CREATE, CARD, PICTURE),
    ("the result card as an answer", CALLBACK, {"type": 4, "data": CARD}, PICTURE),
    ("the result card as a followup", FOLLOWUP, CARD, ["a.png"]),
    ("the deferred answer filled in", ORIGINAL, CARD, PICTURE),
    ("an embed with a picture", CREATE, {"embeds": [{"image": {"url": "attachment://a.png"}}]}, ["a.png"]),
    (
        "an edit that keeps a picture",
        EDIT,
        v2(gallery(), attachments=[{"id": "1234567890123", "filename": "a.png"}]),
        (),
    ),
    ("an edit that leaves attachments alone", EDIT, v2(gallery()), ()),
    ("turned into V2", EDIT, v2(text(), content=None, embeds=[]), ()),
    ("deferred", CALLBACK, {"type": 5, "data": {"flags": 64}}, ()),
    ("a component deferred", CALLBACK, {"type": 6}, ()),
    ("an edit by a button", CALLBACK, {"type": 7, "data": v2(text())}, ()),
    ("autocomplete", CALLBACK, choices(*"abc"), ()),
    ("autocomplete of nothing", CALLBACK, choices(), ()),
    ("a form", CALLBACK, modal(), ()),
    ("a form with a file", CALLBACK, modal(label({"type": 19, "custom_id": "f", "max_values": 10})), ()),
    ("a reply by number", CREATE, {"content": "x", "message_reference": {"message_id": 12345678901}}, ()),
    ("nobody mentioned", CREATE, {"content": "x", "allowed_mentions": {"parse": [], "replied_user": True}}, ()),
    (
        "commands",
        COMMANDS,
        [command(argument(required=True), argument("style")), {"name": "Who is this?", "type": 3}],
        (),
    ),
    ("Korean command", COMMANDS, [command(name="누구", description="누구예요?")], ()),
    ("typing", ("POST", "/channels/1/typing"), None, ()),
    ("a read", ("GET", "https://discord.com/api/v10/users/@me?x=1"), None, ()),
]

BROKEN: list[tuple[tuple[str, str], object, Mapping[str, FileInfo] | Sequence[str], str]] = [
    (CREATE, {"content": "x" * 2001}, (), "content: 2001 characters"),
    (CREATE, {"content": ""}, (), "the message is empty"),
    (CREATE, v2(text(), content="hello"), (), "content: stands beside Components V2"),
    (CREATE, v2(text(), embeds=[{"title": "x"}]), (), "embeds: stands beside"),
    (CREATE, v2(text(), poll={"question": {"text": "?"}}), (), "poll: stands beside"),
    (CREATE, v2(text(), sticker_ids=["1"]), (), "sticker_ids: stands beside"),
    (CREATE, {"components": [text()]}, (), "components[0]: type 10 needs the flag"),
    (CREATE, {"components": [row(button(str(n))) for n in range(6)]}, (), "components: 6 action rows"),
    (CREATE, v2(*[text() for _ in range(41)]), (), "components: 41 components"),
    (CREATE, v2({"type": 17, "components": [text() for _ in range(40)]}), (), "components: 41 components"),
    (CREATE, v2(text("x" * 2000), text("x" * 2001)), (), "components: 4001 characters"),
    (CREATE, v2(text("  ")), (), "components[0].content: is empty"),
    (CREATE, {"components": [row(button(), button())]}, (), "custom_id 'a' stands there 2 times"),
    (CREATE, {"components": [row(button(""))]}, (), "components[0].components[0].custom_id: 0 characters"),
    (CREATE, {"components": [row(button("x" * 101))]}, (), "custom_id: 101 characters"),
    (CREATE, v2(text() | {"id": 3}, text() | {"id": 3}), (), "id '3' stands there 2 times"),
    (CREATE, {"components": [row(button(label="x" * 81))]}, (), "label: 81 characters"),
    (CREATE, {"components": [row(button(label=None))]}, (), "neither a label nor an emoji"),
    (CREATE, {"components": [row(button(url="https://example.com"))]}, (), "has custom_id alone"),
    (CREATE, {"components": [row(button(style=5))]}, (), "has url alone"),
    (CREATE, {"components": [row(*[button(str(n)) for n in range(6)])]}, (), "6 buttons"),
    (CREATE, {"components": [row()]}, (), "0 buttons"),
    (CREATE, {"components": [row(button(), select())]}, (), "components[0]: holds component types [2, 3]"),
    (CREATE, {"components": [row({"type": 3, "options": [option()]})]}, (), "has no custom_id"),
    (CREATE, {"components": [row({"type": 3, "custom_id": "s", "options": []})]}, (), "options: 0 options"),
    (CREATE, {"components": [row(select(*[option(str(n)) for n in range(26)]))]}, (), "options: 26 options"),
    (CREATE, {"components": [row(select(option(), option()))]}, (), "value 'v' stands there 2 times"),
    (CREATE, {"components": [row(select(option(label="x" * 101)))]}, (), "options[0].label: 101"),
    (CREATE, {"components": [row(select(option("x" * 101)))]}, (), "options[0].value: 101"),
    (CREATE, {"components": [row(select(option(description="x" * 101)))]}, (), "options[0].description: 101"),
    (CREATE, {"components": [row(select(placeholder="x" * 151))]}, (), "placeholder: 151"),
    (CREATE, {"components": [row(select(max_values=2))]}, (), "max_values: 2, but there are 1 options"),
    (CREATE, {"components": [row(select(min_values=2))]}, (), "min_values 2 is above max_values 1"),
    (CREATE, {"components": [row({"type": 5, "custom_id": "u", "max_values": 26})]}, (), "max_values: 26"),
    (CREATE, {"components": [row({"type": 5, "custom_id": "u", "min_values": -1})]}, (), "min_values: -1"),
    (
        CREATE,
        {"components": [row(select(option("1", default=True), option("2", default=True)))]},
        (),
        "2 chosen beforehand",
    ),
    (CREATE, v2({"type": 12, "items": []}), (), "items: 0 items"),
    (CREATE, v2(gallery(*[{"media": {"url": "https://example.com"}}] * 11)), (), "items: 11 items"),
    (CREATE, v2(gallery({"media": {"url": "https://e.com"}, "description": "x" * 1025})), (), "description: 1025"),
    (CREATE, v2({"type": 9, "components": [text()] * 4, "accessory": button()}), (), "4 texts"),
    (CREATE, v2({"type": 9, "components": [text()]}), (), "needs an accessory"),
    (CREATE, v2(gallery()), (), "no file 'a.png' in the request"),
    (CREATE, {"embeds": [{"image": {"url": "attachment://b.png"}}]}, ["a.png"], "embeds[0].image.url: no file 'b.png'"),
    (CREATE, v2(gallery({"media": {"url": "attachment://a b.png"}})), ["a b.png"], "that Discord replaces"),
    (CREATE, v2(text()), ["a.png"], "'a.png' is uploaded, but no component shows it"),
    (CREATE, {"attachments": []}, ["a.png"], "files[0] is not in the list of attachments"),
    (CREATE, {"content": "x", "attachments": [{"id": 0}]}, (), "attachments: id 0 has no file"),
    (CREATE, {"content": "x", "attachments": [{"id": "1234567890123"}]}, (), "has no file in the request"),
    (EDIT, {"attachments": [{"id": 1}]}, (), "attachments: id 1 has no file"),
    (EDIT, v2(gallery(), attachments=[]), (), "no file 'a.png'"),
    (CREATE, {}, {"files[0]": FileInfo("a.png", data=b"")}, "'a.png' is empty"),
    (CREATE, {}, {"file": FileInfo("a.png")}, "'file' is not named files[n]"),
    (CREATE, {}, ["a.png", "a.png"], "filename 'a.png' stands there 2 times"),
    (CREATE, {}, [f"{n}.png" for n in range(11)], "11 files"),
    (CREATE, {"attachments": [{"id": 0, "description": "x" * 1025}]}, ["a.png"], "description: 1025"),
    (CREATE, {"embeds": [{"title": "x"}] * 11}, (), "11 embeds"),
    (CREATE, {"embeds": [{"description": "x" * 4000}, {"description": "x" * 2001}]}, (), "6001 characters"),
    (CREATE, {"content": "x", "allowed_mentions": {"parse": ["users"], "users": ["1"]}}, (), "contradicts"),
    (CREATE, {"content": "x", "allowed_mentions": {"parse": ["here"]}}, (), "'here' is not one of"),
    (CREATE, {"content": "x", "allowed_mentions": {"users": [1, 1]}}, (), "id '1' stands there 2 times"),
    (CREATE, {"content": "x", "allowed_mentions": {"roles": list(range(101))}}, (), "101 ids"),
    (CALLBACK, {"type": 4, "data": {}}, (), "the message is empty"),
    (CALLBACK, {"type": 7, "data": {"components": [text()]}}, (), "needs the flag"),
    (CALLBACK, modal(title="x" * 46), (), "data.title: 46"),
    (CALLBACK, modal(custom_id=""), (), "data.custom_id: 0"),
    (CALLBACK, modal(*[text()] * 6), (), "data.components: 6 components"),
    (CALLBACK, modal(label(label="x" * 46)), (), "data.components[0].label: 46"),
    (CALLBACK, modal(label(description="x" * 101)), (), "description: 101"),
    (CALLBACK, modal({"type": 18, "label": "Name"}), (), "labels no component"),
    (CALLBACK, modal(label(), label()), (), "custom_id 'name' stands there 2 times"),
    (CALLBACK, modal(label({"type": 4, "custom_id": "n", "style": 1, "max_length": 4001})), (), "max_length 4001"),
    (
        CALLBACK,
        modal(label({"type": 4, "custom_id": "n", "style": 1, "placeholder": "x" * 101})),
        (),
        "placeholder: 101",
    ),
    (
        CALLBACK,
        modal(label({"type": 4, "custom_id": "n", "style": 1, "value": "xx", "max_length": 1})),
        (),
        "component.value: 2 characters",
    ),
    (CALLBACK, modal(label({"type": 19, "custom_id": "f", "max_values": 11})), (), "max_values: 11"),
    (CALLBACK, choices(*map(str, range(26))), (), "data.choices: 26 choices"),
    (CALLBACK, choices("x" * 101) | {"data": {"choices": [{"name": "x" * 101, "value": 1}]}}, (), "name: 101"),
    (CALLBACK, {"type": 8, "data": {"choices": [{"name": "x", "value": "x" * 101}]}}, (), "value: 101"),
    (FOLLOWUP, {"content": "x" * 2001}, (), "content: 2001"),
    (ORIGINAL, {"components": [text()]}, (), "needs the flag"),
    (COMMANDS, [command(name="x" * 33)], (), "name: 33 characters"),
    (COMMANDS, [command(name="Who")], (), "not in lower case"),
    (COMMANDS, [command(name="who is")], (), "other characters than"),
    (COMMANDS, [command(description="")], (), "description: 0 characters"),
    (COMMANDS, [command(), command()], (), "name of type 1 'who' stands there 2 times"),
    (COMMANDS, [command(name=f"c{n}") for n in range(101)], (), "101 commands of type 1"),
    (COMMANDS, [{"type": 3, "name": "Who", "description": "x"}], (), "a context menu has no description"),
    (COMMANDS, [command(*[argument(f"o{n}") for n in range(26)])], (), "26 options"),
    (COMMANDS, [command(argument(), argument())], (), "name 'group' stands there 2 times"),
    (COMMANDS, [command(argument("a"), argument("b", required=True))], (), "options[1]: is required, but stands after"),
    (COMMANDS, [command(argument("A"))], (), "options[0].name: 'A' is not in lower case"),
    (COMMANDS, [command(argument(description="x" * 101))], (), "options[0].description: 101"),
    (
        COMMANDS,
        [command(argument(), {"type": 1, "name": "add", "description": "Add"})],
        (),
        "subcommands stand beside plain options",
    ),
    (
        COMMANDS,
        [command({"type": 1, "name": "add", "description": "Add", "options": [argument("A")]})],
        (),
        "options[0].options[0].name: 'A'",
    ),
    (COMMANDS, [command(argument(choices=[{"name": str(n), "value": n} for n in range(26)]))], (), "26 choices"),
    (
        COMMANDS,
        [command(argument(autocomplete=True, choices=[{"name": "a", "value": "a"}]))],
        (),
        "has choices and autocomplete",
    ),
    (COMMANDS, [command({**argument(), "type": 4, "min_value": 2, "max_value": 1})], (), "min_value 2 is above"),
    (
        COMMANDS,
        [
            command(
                *[
                    argument(f"o{n}", choices=[{"name": f"{c}{'x' * 90}", "value": "x" * 90} for c in range(9)])
                    for n in range(5)
                ]
            )
        ],
        (),
        "at most 8000",
    ),
]

SCHEMA_BROKEN: list[tuple[tuple[str, str], object, Sequence[str], str]] = [
    (
        CREATE,
        v2({"type": 17, "components": [row({"type": 2, "style": 9, "custom_id": "a", "label": "x"})]}),
        (),
        "components[0].components[0].components[0].style: 9",
    ),
    (CREATE, v2(row(text())), (), "components[0].components[0]: type 10 is not allowed here, only 2, 3, 5, 6, 7, 8"),
    (CREATE, {"content": 5}, (), "content: 5 is not of type"),
    (CREATE, {"components": {}}, (), "components: {} is not of type"),
    (CREATE, None, (), "needs a body"),
    (CREATE, {"allowed_mentions": {"parse": "all"}}, (), "allowed_mentions.parse: 'all' is not of type"),
    (CALLBACK, {"type": 3}, (), "body: type 3 is not allowed here"),
    (CALLBACK, {"type": 9}, (), "'data' is a required property"),
    (FOLLOWUP, v2({"type": 14, "spacing": 3}), (), "components[0].spacing: 3 is not one of [1, 2]"),
    (COMMANDS, [command({"type": 99, "name": "a", "description": "b"})], (), "[0].options[0]: type 99 is not allowed"),
    (COMMANDS, [{"description": "x"}], (), "'name' is a required property"),
    (("POST", "/channels/1/pins"), {}, (), "Discord has no endpoint POST /channels/1/pins"),
    (COMMANDS, [], ("a.png",), "not multipart/form-data"),
    (("POST", "/channels/1/typing"), {"x": 1}, (), "takes no body"),
]


@pytest.mark.parametrize(("request_to", "body", "files"), [case[1:] for case in VALID], ids=[case[0] for case in VALID])
def test_what_discord_takes_passes(
    request_to: tuple[str, str], body: object, files: Mapping[str, FileInfo] | Sequence[str]
) -> None:
    check_request(*request_to, body, files)


@pytest.mark.parametrize(("request_to", "body", "files", "problem"), BROKEN, ids=[case[3] for case in BROKEN])
def test_a_broken_rule_is_named_alone(
    request_to: tuple[str, str], body: object, files: Mapping[str, FileInfo] | Sequence[str], problem: str
) -> None:
    found = rule_problems(*request_to, body, files)
    assert len(found) == 1, found
    assert problem in found[0]


@needs_schema
@pytest.mark.parametrize(
    ("request_to", "body", "files", "problem"), SCHEMA_BROKEN, ids=[case[3] for case in SCHEMA_BROKEN]
)
def test_the_description_points_at_the_place(
    request_to: tuple[str, str], body: object, files: Sequence[str], problem: str
) -> None:
    found = schema_problems(*request_to, body, files)
    assert len(found) == 1, found
    assert problem in found[0]


def test_a_refused_request_names_its_endpoint_and_all_problems() -> None:
    with pytest.raises(AssertionError, match=r"POST /channels/10/messages would be refused:") as caught:
        check_request("POST", "https://discord.com/api/v10/channels/10/messages", v2(text(), content="x", embeds=[{}]))
    assert "content: stands beside" in str(caught.value)
    assert "embeds: stands beside" in str(caught.value)


def test_without_the_description_the_own_rules_still_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.support.discord_api.load_schema", lambda: None)
    assert schema_problems("POST", "/no/such/endpoint", None) == []
    with pytest.raises(AssertionError, match="2001 characters"):
        check_request(*CREATE, {"content": "x" * 2001})
