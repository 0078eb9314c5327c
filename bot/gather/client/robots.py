"""robots.txt: the groups of rules that concern nugu, of bounded size, read and asked outside the event loop."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass

from protego import Protego

ROBOT = "nugu"
"""The product token that a robots.txt may name."""

MAX_BYTES = 512 << 10
"""Bytes of a robots.txt that are read. RFC 9309, 2.5, demands 500 KiB at least."""

MAX_RULE_BYTES = 100 << 10
"""Bytes of the rules for nugu and for everybody that are obeyed. A robots.txt with more of them forbids everything."""

AGENT = "user-agent"
FIELDS = {"agent": AGENT, "disallow": "disallow", "allow": "allow", "delay": "crawl-delay"}

_FIELD = re.compile(
    r"(?P<agent>user[\s-]?agent)|(?P<disallow>diss?all?ow|diasllow|disallaw)|(?P<allow>allow)|(?P<delay>crawl[\s-]?delay)",
    re.IGNORECASE,
)
"""The field of a line, with the misspellings that Protego takes."""

_SEPARATOR = re.compile(r"\s*:\s*|\s+")
_PRODUCT = re.compile(r"[a-z_-]+", re.IGNORECASE)


class TooManyRulesError(Exception):
    """A robots.txt has more than `MAX_RULE_BYTES` of rules for nugu."""


@dataclass(frozen=True, slots=True)
class RobotsRules:
    """The rules of one site for nugu. `pause`: the seconds between two requests that it asks for."""

    _rules: Protego
    pause: float

    async def may_fetch(self, url: str) -> bool:
        """Whether nugu may fetch `url`. A thread compares it: the patterns and the link are strangers' text."""
        return await asyncio.to_thread(self._rules.can_fetch, url, ROBOT)


async def read_robots(data: bytes) -> RobotsRules:
    """Parse a robots.txt in a thread. Raises TooManyRulesError."""
    return await asyncio.to_thread(_parse, data)


def _parse(data: bytes) -> RobotsRules:
    rules = Protego.parse(relevant_rules(data[:MAX_BYTES].decode("utf-8-sig", errors="ignore")))
    return RobotsRules(rules, rules.crawl_delay(ROBOT) or 0.0)


def relevant_rules(text: str) -> str:
    """The lines of a robots.txt in the groups for nugu and for everybody, each as `field: value`.

    Protego multiplies the agents of a group by its rules, so it would take minutes for 60 KiB of them. Raises
    TooManyRulesError.
    """
    kept: list[str] = []
    agents: set[str] = set()
    size, in_rules = 0, False
    for field, value in filter(None, map(_field_and_value, text.splitlines())):
        if field != AGENT:
            in_rules = True
            if agents:
                kept.append(f"{field}: {value}")
                size += len(kept[-1].encode()) + 1
                if size > MAX_RULE_BYTES:
                    raise TooManyRulesError
            continue
        if in_rules:
            agents, in_rules = set[str](), False
        agent = _agent(value)
        if agent is not None and agent not in agents:
            agents.add(agent)
            kept.append(f"{AGENT}: {agent}")
    return "\n".join(kept)


def _field_and_value(line: str) -> tuple[str, str] | None:
    """The field and value of a line; None for a line that is no rule. The colon may be missing."""
    written = line.partition("#")[0].strip()
    if (field := _FIELD.match(written)) is None:
        return None
    rest = written[field.end() :]
    separator = _SEPARATOR.match(rest)
    if separator is None and rest:
        return None
    return FIELDS[field.lastgroup or ""], rest[separator.end() :] if separator else ""


def _agent(value: str) -> str | None:
    """The agent of a group as Protego compares it: `*`, or nugu for `Nugu/1.0` and `nugu*`; None for another's."""
    if value == "*":
        return value
    product = _PRODUCT.match(value.strip("*"))
    return ROBOT if product is not None and product[0].lower() == ROBOT else None
