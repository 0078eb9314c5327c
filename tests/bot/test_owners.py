"""The owners of the bot: the application's owner, or those of its team who may change the application."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import create_autospec

import discord
import pytest

from bot.app import App
from bot.client import Nugu, owners_of

TEAM, TEAM_OWNER, MEMBER = 100, 1, 2
INVITED, ACCEPTED = 1, 2


def user(id: int) -> dict[str, Any]:
    return {"id": str(id), "username": f"user{id}", "discriminator": "0", "avatar": None, "global_name": None}


def team_member(id: int, role: str, state: int) -> dict[str, Any]:
    return {"team_id": str(TEAM), "user": user(id), "role": role, "membership_state": state, "permissions": ["*"]}


def application(*members: dict[str, Any], owner: int = TEAM, owned_by_team: bool = True) -> discord.AppInfo:
    """An application as Discord describes it. The owner of a team's application is a user with the team's id."""
    team = {"id": str(TEAM), "name": "makers", "icon": None, "owner_user_id": str(TEAM_OWNER), "members": list(members)}
    data = {
        "id": "7",
        "name": "nugu",
        "icon": None,
        "description": "",
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "flags": 0,
        "owner": user(owner),
        "team": team if owned_by_team else None,
    }
    state = SimpleNamespace(http=None, create_user=lambda data: discord.Object(int(data["id"])))
    return discord.AppInfo(cast("Any", state), cast("Any", data))


@pytest.mark.parametrize("state", [INVITED, ACCEPTED, 3])
@pytest.mark.parametrize("role", ["admin", "developer", "read_only", "owner", "another", ""])
def test_a_member_of_the_team_owns_the_bot_by_role_and_accepted_invitation(role: str, state: int) -> None:
    owners = owners_of(application(team_member(TEAM_OWNER, "admin", ACCEPTED), team_member(MEMBER, role, state)))
    assert (MEMBER in owners) == (role in {"admin", "developer"} and state == ACCEPTED)
    assert owners - {MEMBER} == {TEAM_OWNER}


@pytest.mark.parametrize("role", ["admin", "read_only", "owner"])
def test_the_team_owner_owns_the_bot_whatever_role_discord_gives(role: str) -> None:
    assert owners_of(application(team_member(TEAM_OWNER, role, ACCEPTED))) == {TEAM_OWNER}
    assert owners_of(application()) == {TEAM_OWNER}


def test_an_application_without_a_team_has_its_owner() -> None:
    assert owners_of(application(owner=5, owned_by_team=False)) == {5}


async def test_the_client_takes_no_other_for_an_owner(monkeypatch: pytest.MonkeyPatch) -> None:
    app = create_autospec(App, instance=True, settings=SimpleNamespace(message_content=False))
    client = Nugu(app, shard_count=1)
    invited = application(team_member(MEMBER, "admin", INVITED), team_member(3, "developer", ACCEPTED))
    monkeypatch.setattr(client, "_application", invited)
    monkeypatch.setattr(client, "load_extension", create_autospec(client.load_extension))
    monkeypatch.setattr(client, "_sync_if_changed", create_autospec(client._sync_if_changed))  # pyright: ignore[reportPrivateUsage]

    async def owns(id: int) -> bool:
        return await client.is_owner(cast("discord.User", discord.Object(id)))

    assert not await owns(TEAM_OWNER)  # before the login nobody is
    await client.setup_hook()
    assert [await owns(id) for id in (TEAM_OWNER, MEMBER, 3, TEAM)] == [True, False, True, False]
