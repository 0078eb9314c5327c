"""/roster: a server's groups into a zip archive, and out of one."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import Nugu  # discord.py reads the annotations
from bot.domain.trust import Trust
from bot.media.archives.reading import ArchiveLimits
from bot.usecases.roster import exporting, importing
from cogs.common.autocomplete import Name, own_groups
from cogs.common.layout import CardAndFiles, message_card
from cogs.common.long_commands import ProgressResponse
from cogs.common.media import media_of_attachment
from cogs.common.pictures import submitted_file
from cogs.common.responses import defer_in_server, is_too_large
from cogs.common.trust import requires
from cogs.roster.archives.cards import imported_card
from cogs.roster.archives.texts import exported_sentence, import_progress


@requires(Trust.MODERATOR)
class RosterCog(commands.GroupCog, name="roster"):
    """All groups and members at once."""

    def __init__(self, client: Nugu) -> None:
        self.client = client

    @app_commands.command(name="import")
    @app_commands.rename(upload="archive")
    @app_commands.describe(upload="A zip archive of group/member/*.jpg, or what /roster export gave")
    async def import_roster(self, interaction: discord.Interaction[Nugu], upload: discord.Attachment) -> None:
        """Add groups, members and photos from a zip archive."""
        app, server_id, by = self.client.app, await defer_in_server(interaction), interaction.user.id
        limits = ArchiveLimits(max_entry_bytes=app.settings.picture_bytes)
        progress = ProgressResponse(interaction)

        async def on_progress(done: int, photos: int, group: str, member: str) -> None:
            text = import_progress(done=done, photos=photos, group=group, member=member)
            await progress.show(message_card(text))

        async def work() -> CardAndFiles:
            with app.question_limit.slot(by):
                given = submitted_file(self.client, media_of_attachment(upload), limits.max_bytes)
                return imported_card(await importing.import_file(app, server_id, given, by, on_progress, limits=limits))

        await progress.run(work())

    @app_commands.command(name="export")
    @app_commands.describe(group="One group; left out, all of this server's")
    @app_commands.autocomplete(group=own_groups)
    async def export_roster(self, interaction: discord.Interaction[Nugu], group: Name | None = None) -> None:
        """All groups, members and crops of this server as a zip archive."""
        server_id, max_bytes = await defer_in_server(interaction), interaction.filesize_limit
        with self.client.app.question_limit.slot(interaction.user.id):
            exported = await exporting.export_roster(self.client.app, server_id, group, max_bytes=max_bytes)
            with exported.file:
                # aiohttp reads a real file piece by piece, in a thread.
                file = discord.File(exported.file, "roster.zip")
                try:
                    await interaction.followup.send(exported_sentence(exported), file=file, ephemeral=True)
                except discord.HTTPException as refused:
                    if is_too_large(refused):
                        raise exporting.ArchiveTooLargeError(max_bytes) from refused
                    raise


async def setup(client: Nugu) -> None:
    """discord.py's entry to the extension."""
    await client.add_cog(RosterCog(client))
