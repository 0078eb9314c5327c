"""`nugu model`: status, history, rollback and report on a terminal."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from bot.app import App
from bot.commands import terminal
from bot.commands.training import training_summary
from bot.database.rosters import RosterRepository
from bot.domain.rosters import SHARED_ROSTER
from bot.text.formatting import counted
from bot.text.models import look_recognition
from bot.usecases import models

if TYPE_CHECKING:
    from pathlib import Path

    from bot.domain.models import GroupModel
    from bot.settings import Settings
    from bot.usecases.models import GroupReport, GroupStatus


async def show_status(settings: Settings, *, as_json: bool) -> None:
    """Print a line a group of every server."""
    async with App.open(settings) as app:
        async with app.database.reading() as session:
            servers = await RosterRepository(session).servers()
        for server in servers:
            for group in await models.status(app, server):
                if as_json:
                    terminal.print_json(status_as_record(server, group))
                else:
                    terminal.print_lines(status_line(server, group))


async def show_history(settings: Settings, group: str, server: int) -> None:
    """Print a line a model of a group, the newest first."""
    async with App.open(settings) as app:
        found = await models.history(app, server, group)
    terminal.print_lines(*([model_line(model) for model in found.models] or [f"{found.name}: no model yet"]))


async def roll_back(settings: Settings, group: str, number: int | None, server: int) -> None:
    """Let an earlier model of a group answer; a running bot follows."""
    async with App.open(settings) as app:
        back = await models.plan_rollback(app, server, group, number)
        model = await models.roll_back(app, server, back.target.group, back.target.id, instead_of=back.current.id)
    terminal.print_lines(f"model {model.number} answers instead of model {back.current.number}")


async def show_report(settings: Settings, group: str, server: int, out: Path | None, *, as_json: bool) -> None:
    """Print a group's report, and draw it into the file `out`."""
    async with App.open(settings) as app:
        with terminal.spinner("asking the group's photos about one another"):
            report = await models.report(app, server, None, group)
    if out is not None:
        terminal.write_file(out, report.found.picture)
    if as_json:
        terminal.print_json(report_as_record(report))
    else:
        terminal.print_lines(*report_lines(report))


def status_line(server: int, group: GroupStatus) -> str:
    """`TWICE: model 3 of 9 members and 45 photos answers …; 4 of 10 new labels are there for the next`."""
    name = f"{group.name} of server {server}" if server != SHARED_ROSTER else group.name
    state = training_summary(group.model) if group.model else f"no model; {counted(group.answering, 'photo')} handed in"
    return f"{name}: {state}; {group.labels} of {group.after} new labels are there for the next"


def status_as_record(server: int, group: GroupStatus) -> dict[str, Any]:
    """The JSON object of a group; `model` is the one that answers, None before the first."""
    model = group.model
    return {
        "server": server,
        "group": group.name,
        "model": None
        if model is None
        else {
            "number": model.number,
            "made_at": model.made_at.isoformat(timespec="seconds"),
            "engine": model.engine,
            "members": model.figures.members,
            "photos": model.figures.photos,
        },
        "photos_that_answer": group.answering,
        "photos_that_wait": group.waiting,
        "new_labels": group.labels,
        "next_model_at": group.after,
        "training": group.training,
    }


def report_as_record(report: GroupReport) -> dict[str, Any]:
    """The JSON object of a group's report. Its counts are of photos that the model did not see."""
    found = report.found
    return {
        "group": report.name,
        "engine": found.engine,
        "photos": found.photos,
        "members": [asdict(member) for member in found.members],
        "labels_that_look_wrong": [
            {"photo": label.photo, "says": label.member, "looks_like": label.looks_like_name} for label in report.labels
        ],
    }


def model_line(model: GroupModel) -> str:
    """`* 2026-03-01 12:00 model 3 of 9 members …`; the star marks the model that answers."""
    return f"{'*' if model.answers else ' '} {model.made_at:%Y-%m-%d %H:%M} {training_summary(model)}"


def report_lines(report: GroupReport) -> list[str]:
    """A line a member, a line a missing look, and a line a label that looks wrong."""
    lines: list[str] = []
    for member in report.found.members:
        right = f"{member.right} of {member.asked} right" if member.asked else "not tried"
        mixed = f", called {member.mixed_up} in {member.mixed_up_photos}" if member.mixed_up else ""
        need = {"few": ", needs more photos", "unreliable": ", needs better photos"}.get(member.need or "", "")
        lines.append(f"{member.name}: {counted(member.photos, 'photo')}, {right}{mixed}{need}")
    looks = (
        f"recent photos of {member.name} are {look_recognition(look)}; add some of the look of photo {look.missed[-1]}"
        for member, look in report.found.members_with_missing_looks
    )
    suspected = (
        f"photo {label.photo} says {label.member} and looks like {label.looks_like_name or 'nobody'}"
        for label in report.labels
    )
    return [*lines, *looks, *suspected]
