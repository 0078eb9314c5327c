"""What people read about engines."""

from __future__ import annotations

from bot.domain.messages import Code, Message


def outdone_engine_notice(name: str, default: str) -> Message:
    """The advice to the operator of a bot that answers by an engine which the default one outdoes."""
    return Message(
        "A better engine than {name}, which names faces here, comes with me now: {command} on the machine that I run on. "
        "It encodes all photos anew, and I answer meanwhile.",
        name=name,
        command=Code(f"nugu engine use {default}"),
    )
