"""/roster: all of a server's groups as one archive, and out of one."""

from __future__ import annotations

import logging
import time
from io import BytesIO
from typing import TYPE_CHECKING

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import Nugu  # discord.py reads the annotations
from bot.errors import PersonError
from bot.media.archives import ArchiveLimits
from bot.names import LONGEST_NAME
from bot.trust import Trust
from bot.usecases import exchange
from cogs.cards.exchange import exported_in_words, imported_in_words, left_out_file
from cogs.offers import own_groups
from cogs.pictures import read_file
from cogs.trust import requires

if TYPE_CHECKING:
    from bot.usecases.exchange import Imported

log = logging.getLogger(__name__)

EDIT_SECONDS = 3.0
"""Between two edits of the same message."""


@requires(Trust.MODERATOR)
class Roster(commands.GroupCog, name="roster"):
    """All groups and members at once."""

    def __init__(self, client: Nugu) -> None:
        self.client = client

    @app_commands.command(name="import")
    @app_commands.describe(archive="A zip archive of group/member/*.jpg, or what /roster export gave")
    async def take_in(self, interaction: discord.Interaction[Nugu], archive: discord.Attachment) -> None:
        """Add groups, members and photos from a zip archive."""
        assert interaction.guild_id is not None
        await interaction.response.defer(ephemeral=True, thinking=True)
        limits = ArchiveLimits(max_entry_bytes=self.client.app.settings.picture_bytes)
        with self.client.app.turns.taken_by(interaction.user.id):
            given = await read_file(archive, limits.max_bytes)
            if given.refusal is not None:
                raise PersonError(f"{given.refusal[:1].upper()}{given.refusal[1:]}.")
            done = await exchange.import_roster(
                self.client.app,
                interaction.guild_id,
                BytesIO(given.data),
                interaction.user.id,
                _Progress(interaction).told,
                limits=limits,
            )
        await _tell(interaction, done)

    @app_commands.command(name="export")
    @app_commands.describe(group="One group; left out, all of this server's")
    @app_commands.autocomplete(group=own_groups)
    async def give_out(
        self, interaction: discord.Interaction[Nugu], group: app_commands.Range[str, 1, LONGEST_NAME] | None = None
    ) -> None:
        """All groups, members and crops of this server as a zip archive."""
        assert interaction.guild is not None
        await interaction.response.defer(ephemeral=True, thinking=True)
        with self.client.app.turns.taken_by(interaction.user.id):
            exported = await exchange.export_roster(
                self.client.app, interaction.guild.id, group, most_bytes=interaction.guild.filesize_limit
            )
            with exported.file:
                archive = discord.File(BytesIO(exported.file.read()), "roster.zip")
            await interaction.followup.send(exported_in_words(exported), file=archive, ephemeral=True)


class _Progress:
    """Tells how far an import has come, in the message that says "thinking", at most every three seconds."""

    def __init__(self, interaction: discord.Interaction[Nugu]) -> None:
        self._interaction = interaction
        self._last = 0.0

    async def told(self, done: int, photos: int, whose: str) -> None:
        now = time.monotonic()
        if now - self._last < EDIT_SECONDS or self._interaction.is_expired():
            return
        self._last = now
        try:
            await self._interaction.edit_original_response(content=f"{done} of {photos} photos: {whose}")
        except discord.HTTPException as failure:
            log.warning("could not tell how far an import has come: %s", failure)


async def _tell(interaction: discord.Interaction[Nugu], done: Imported) -> None:
    """Tell what became of the import; past the fifteen minutes that an interaction lives, in the channel."""
    file = left_out_file(done)
    files = [file] if file is not None else []
    if not interaction.is_expired():
        await interaction.edit_original_response(content=imported_in_words(done), attachments=files)
    elif isinstance(interaction.channel, discord.abc.Messageable):
        await interaction.channel.send(f"{interaction.user.mention} {imported_in_words(done)}", files=files)


async def setup(client: Nugu) -> None:
    """discord.py's entry to the extension."""
    await client.add_cog(Roster(client))
