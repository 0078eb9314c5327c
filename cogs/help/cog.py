"""/help: the features that people use most."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import Nugu  # discord.py reads the annotations
from bot.usecases.roster.groups import group_names
from cogs.common.layout import BLUE, framed_card
from cogs.common.markup import plain
from cogs.common.places import everywhere
from cogs.common.requests import searchable_servers

FEATURES = (
    ("🔎", "Who is this?", "`/who` with up to five pictures, or mention me in a message with pictures."),
    ("↩️", "Somebody else's picture", "{reply}: Apps > **Who is this?**"),
    (
        "🎬",
        "Music videos",
        "`/clip` with a link or a video, or mention me in a message with one: you get it back with the names in it, "
        "and who is on screen when.",
    ),
    ("✉️", "In private", "Send me a picture or a video as a direct message."),
    (
        "✏️",
        "Right or wrong?",
        "Press **All right** or **Fix a face** under the answer, or answer in `/review`; "
        "**Details** shows how sure I am of everybody.",
    ),
    (
        "🎓",
        "Learn the members",
        "`/quiz play` shows faces to name, alone or as a race; whom you mix up comes back. `/twins` shows who looks alike, "
        "`/map` all faces of a group.",
    ),
    (
        "➕",
        "Moderators",
        "`/group add`, then `/member add` with one photo a member or more. `/roster` brings many at once, "
        "`/model` shows what I learned, `/setup` has the rest.",
    ),
)

REPLY = "Reply to it and mention me, or right-click it"
RIGHT_CLICK = "Right-click it"
"""Without the message-content intent, Discord hides the picture of a message that somebody replies to."""


class HelpCog(commands.Cog):
    """What the bot can do, in a few lines."""

    def __init__(self, client: Nugu) -> None:
        self.client = client

    @app_commands.command(name="help")
    @everywhere
    async def help(self, interaction: discord.Interaction[Nugu]) -> None:
        """What I can do."""
        groups = await group_names(self.client.app, await searchable_servers(interaction))
        reply = REPLY if self.client.intents.message_content else RIGHT_CLICK
        known = ", ".join(plain(name) for name in groups)
        card = framed_card(
            BLUE,
            "## nugu · 누구?\nI tell you who is in a picture.",
            *(f"{icon} **{title}**\n{text.format(reply=reply)}" for icon, title, text in FEATURES),
            discord.ui.Separator(),
            f"-# I know {known}."[:1000] if known else "-# I know no group here yet.",
        )
        await interaction.response.send_message(view=card, ephemeral=True)


async def setup(client: Nugu) -> None:
    """discord.py's entry to the extension."""
    await client.add_cog(HelpCog(client))
