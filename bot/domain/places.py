"""The place of an action, and its comparison with the place of a question. It keeps servers apart."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """Where a person acts. `server_id`: None outside servers that the bot belongs to. `channel_id`: of a thread, its parent."""

    server_id: int | None
    channel_id: int | None = None
    person_id: int | None = None

    def is_origin_of(self, server_id: int | None, place_id: int | None, asker_id: int) -> bool:
        """Whether something was asked here: in this server, or in this private channel.

        `place_id`: of a thread, its parent. In private, a person's questions from servers count too: a clip comes there where
        the bot may not write in the server.
        """
        if self.server_id is not None:
            return server_id == self.server_id
        return asker_id == self.person_id or (place_id is not None and place_id == self.channel_id)
