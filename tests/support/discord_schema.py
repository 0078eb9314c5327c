"""Discord's own OpenAPI description as a judge of requests and answers, with messages that point at the precise place."""

import functools
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, cast

from jsonschema import Draft202012Validator, ValidationError, validators
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from tests.support.jsonish import JsonObject, as_list, as_object, as_text

_URI = "urn:discord-openapi"
_STRICT_URI = "urn:discord-openapi:strict"
_DEFAULT_SHARED = Path(__file__).resolve().parents[3] / "shared"
WRONG: dict[str, tuple[str, JsonObject]] = {
    "InnerErrors": (
        "the error of a field has a word as its code, such as BASE_TYPE_BAD_LENGTH, and not a number",
        {
            "type": "object",
            "properties": {
                "_errors": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
                        "required": ["code", "message"],
                    },
                }
            },
            "required": ["_errors"],
        },
    ),
}
"""Schemas that are wrong about what Discord sends: why, and what is judged by instead."""

_METHODS_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


class _Branches(NamedTuple):
    """The branches of a union; the constant of each, if it is one; and the values of ``type`` that each accepts."""

    candidates: list[JsonObject]
    constants: list[object]
    tags: list[list[object]]


class DiscordSchema:
    """Finds the operation that a request means, and validates the body, or its answer, against its schema."""

    def __init__(self, document: JsonObject) -> None:
        schemas = as_object(as_object(document["components"])["schemas"])
        # The description wants snowflakes as strings; Discord takes numbers as well, and discord.py sends them.
        tolerant = {"type": ["string", "integer"], "pattern": as_object(schemas["SnowflakeType"])["pattern"]}
        self._schemas: JsonObject = {**schemas, "SnowflakeType": tolerant}
        contents = {**document, "components": {**as_object(document["components"]), "schemas": self._schemas}}
        self._responses = as_object(as_object(document["components"])["responses"])
        self._paths = as_object(document["paths"])
        self._templates = [tuple(template.strip("/").split("/")) for template in self._paths]
        # pyright cannot see through Registry's generic attrs constructor.
        self._registry = cast("Any", Registry)().with_resources(
            [(_URI, Resource(contents, DRAFT202012)), (_STRICT_URI, Resource(_corrected(document), DRAFT202012))]
        )
        # jsonschema ships without types for `extend`.
        extend = cast("Callable[..., Any]", validators.extend)  # pyright: ignore[reportUnknownMemberType]
        self._validator_class = extend(Draft202012Validator, {"oneOf": self._union, "anyOf": self._union})
        self._validator = functools.cache(self._build_validator)
        self._judged: dict[tuple[str, ...], list[str]] = {}
        self._branches: dict[int, _Branches] = {}

    def problems(self, method: str, path: str, body: object, file_fields: list[str]) -> list[str]:
        """Everything in which the request differs from the description; empty when it fits.

        ``file_fields`` are the names of the multipart fields that hold files, such as ``files[0]``.
        """
        template = self._template(path, method.lower())
        if template is None:
            return [f"Discord has no endpoint {method} {path}"]
        request = as_object(as_object(as_object(self._paths[template])[method.lower()]).get("requestBody"))
        content = as_object(request.get("content"))
        if body is None and not file_fields:
            return ["this endpoint needs a body"] if request.get("required") is True else []
        if not content:
            return ["this endpoint takes no body"] if method in _METHODS_WITH_BODY else []
        media = "multipart/form-data" if file_fields else "application/json"
        if media not in content:
            return [f"this endpoint takes {', '.join(content)}, not {media}"]
        instance = {**as_object(body), **dict.fromkeys(file_fields, "")} if file_fields else body
        return self._errors(
            instance, _URI, "paths", template, method.lower(), "requestBody", "content", media, "schema"
        )

    def answer_problems(self, method: str, path: str, status: int, body: object) -> list[str]:
        """Everything in which an answer differs from the description; ``body`` is None where there is none."""
        template = self._template(path, method.lower())
        if template is None:
            return [f"Discord has no endpoint {method} {path}"]
        responses = as_object(as_object(as_object(self._paths[template])[method.lower()])["responses"])
        key = next((key for key in (str(status), f"{status // 100}XX") if key in responses), None)
        if key is None:
            return [f"this endpoint never answers {status}"]
        place: tuple[str, ...] = ("paths", template, method.lower(), "responses", key)
        if reference := as_text(as_object(responses[key]).get("$ref")):
            place = tuple(reference.removeprefix("#/").split("/"))
        described = self._responses[place[-1]] if reference else responses[key]
        if "content" not in as_object(described):
            return [f"an answer {status} has no body"] if body is not None else []
        return self._errors(body, _STRICT_URI, *place, "content", "application/json", "schema")

    def object_problems(self, name: str, value: object) -> list[str]:
        """Everything in which an object that Discord sends differs from the schema of that name."""
        return self._errors(value, _STRICT_URI, "components", "schemas", name)

    def _errors(self, instance: object, document: str, *place: str) -> list[str]:
        # Each bot that starts sends all its commands, and their validation takes 0.1 s: the same JSON is validated once.
        key = (json.dumps(instance), document, *place)
        if key not in self._judged:
            errors = self._validator(document, *place).iter_errors(instance)
            self._judged[key] = [f"{_place(error)}: {_shortened(error.message)}" for error in errors]
        return list(self._judged[key])

    def _template(self, path: str, method: str) -> str | None:
        """The path template with the most literal segments that has the method."""
        segments = path.strip("/").split("/")
        best: tuple[str, ...] | None = None
        for template in self._templates:
            fits = len(template) == len(segments) and all(
                want == got or want.startswith("{") for want, got in zip(template, segments, strict=True)
            )
            if not fits or method not in as_object(self._paths["/" + "/".join(template)]):
                continue
            if best is None or _literals(template) > _literals(best):
                best = template
        return None if best is None else "/" + "/".join(best)

    def _build_validator(self, document: str, *place: str) -> Any:
        pointer = "/".join(part.replace("~", "~0").replace("/", "~1") for part in place)
        return self._validator_class({"$ref": f"{document}#/{pointer}"}, registry=self._registry)

    def _union(
        self, validator: Any, branches: list[JsonObject], instance: object, _: object
    ) -> Iterator[ValidationError]:
        """Replaces ``oneOf`` and ``anyOf``: goes straight into the branch that the instance's ``type`` names.

        The standard keywords answer "not valid under any of the given schemas", which helps nobody in a tree of components.
        """
        candidates, constants, tags = self._alternatives(branches)
        if instance is None and len(candidates) < len(branches):
            return
        if None not in constants:
            if instance not in constants:
                yield ValidationError(f"{instance!r} is not one of {constants}")
        elif all(tags) and len(tags) > 1 and isinstance(instance, dict):
            kind = as_object(cast("object", instance)).get("type")
            named = [branch for branch, tag in zip(candidates, tags, strict=True) if kind in tag]
            for branch in named:
                yield from validator.descend(instance, branch)
            if not named:
                allowed = sorted({str(value) for tag in tags for value in tag}, key=lambda value: (len(value), value))
                yield ValidationError(f"type {kind!r} is not allowed here, only {', '.join(allowed)}")
        else:
            failures = [list(validator.descend(instance, branch)) for branch in candidates]
            yield from min(failures, key=len)

    def _alternatives(self, branches: list[JsonObject]) -> _Branches:
        """The branches of a union in the description, without "null"."""
        # The description lives as long as this object, so no other list takes over the id.
        found = self._branches.get(id(branches))
        if found is None:
            candidates = [branch for branch in branches if branch.get("type") != "null"]
            constants = [branch.get("const") for branch in candidates]
            found = _Branches(candidates, constants, [self._type_tags(branch) for branch in candidates])
            self._branches[id(branches)] = found
        return found

    def _type_tags(self, branch: JsonObject) -> list[object]:
        """The values of ``type`` that a branch accepts; empty when it doesn't say."""
        name = as_text(branch.get("$ref")).rpartition("/")[2]
        schema = as_object(self._schemas.get(name, branch))
        return as_list(as_object(as_object(schema.get("properties")).get("type")).get("enum"))


def _corrected(document: JsonObject) -> JsonObject:
    """The description with what stands in `WRONG` put right."""
    components = as_object(document["components"])
    right = {name: schema for name, (_, schema) in WRONG.items()}
    return {**document, "components": {**components, "schemas": {**as_object(components["schemas"]), **right}}}


@functools.cache
def load_schema() -> DiscordSchema | None:
    """The description in the shared folder (beside the repository, or NUGU_SHARED), or None where it isn't."""
    file = Path(os.environ.get("NUGU_SHARED", _DEFAULT_SHARED)) / "discord" / "openapi.json"
    return DiscordSchema(json.loads(file.read_text(encoding="utf-8"))) if file.is_file() else None


def _literals(template: tuple[str, ...]) -> int:
    return sum(not segment.startswith("{") for segment in template)


def _place(error: ValidationError) -> str:
    steps = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in error.absolute_path]
    return "".join(steps).lstrip(".") or "body"


def _shortened(message: str, most: int = 300) -> str:
    """A message without the middle of a long instance: its end says what was wanted."""
    return message if len(message) <= most else f"{message[: most // 2]} … {message[-most // 2 :]}"
