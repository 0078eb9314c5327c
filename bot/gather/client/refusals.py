"""The error for a link that isn't fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.domain.gathering import RefusalReason
    from bot.domain.messages import Message


class FetchRefusedError(Exception):
    """A link isn't fetched. `detail`: such as the status of the site's answer."""

    def __init__(self, reason: RefusalReason, detail: Message | None = None) -> None:
        super().__init__(reason.name if detail is None else f"{reason.name} ({detail})")
        self.reason = reason
        self.detail = detail
