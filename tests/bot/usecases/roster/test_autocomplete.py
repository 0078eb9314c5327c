"""Autocomplete keeps the names of a server, and shows each change at once."""

from __future__ import annotations

from bot.app import App
from bot.usecases.roster import members
from bot.usecases.roster.groups import add_group
from tests.support.galleries import SERVER, add_photo


async def test_each_change_of_names_is_seen_at_once(app: App) -> None:
    async def shown(typed: str = "") -> list[str]:
        return [spelling.spelling for spelling in await members.autocomplete_members(app, SERVER, "", typed)]

    await add_group(app, SERVER, "TWICE")
    assert await shown() == []
    for name in ("Sana", "Mina"):
        await add_photo(app.database, "TWICE", name, b"")
    assert await shown() == ["Mina", "Sana"]
    await members.add_alias(app, SERVER, "TWICE", "Sana", "Squirrel")
    assert await shown("squ") == ["Squirrel"]
    await members.remove_alias(app, SERVER, "TWICE", "Sana", "Squirrel")
    assert await shown("squ") == []
    await members.rename(app, SERVER, "TWICE", "Mina", "Penguin")
    assert await shown() == ["Penguin", "Sana"]
    plan = await members.plan_removal(app, SERVER, "TWICE", "Sana")
    await members.remove_member(app, SERVER, plan.id)
    assert await shown() == ["Penguin"]
    await members.rename(app, SERVER, "TWICE", None, "TWICE ot1")
    (found,) = await members.autocomplete_members(app, SERVER, "", "pen")
    assert found.group == "TWICE ot1"
