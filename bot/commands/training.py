"""`nugu train`: a new model of every group, and its result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.app import App
from bot.commands import terminal
from bot.commands.messages import render_for_terminal
from bot.database.rosters import RosterRepository
from bot.domain.rosters import SHARED_ROSTER
from bot.errors import NoRosterError, PersonError
from bot.text.formatting import counted
from bot.text.models import classifier_trial, gate_objections, model_accuracy
from models.learning.isolation import IsolatedProcessError

if TYPE_CHECKING:
    from bot.domain.models import GroupModel
    from bot.settings import Settings


async def train_groups(settings: Settings) -> bool:
    """Train every group and print a line for each; whether none failed. Raises NoRosterError when nobody is enrolled."""
    all_trained = True
    async with App.open(settings) as app:
        async with app.database.reading() as session:
            rosters = RosterRepository(session)
            servers = await rosters.servers()
            counts = await rosters.photo_counts(servers)
        groups = {count.group: count for count in counts if count.photos}
        if not groups:
            raise NoRosterError
        for number, (group, count) in enumerate(groups.items(), start=1):
            audience = "every server" if count.server == SHARED_ROSTER else f"server {count.server}"
            subject = f"{count.group_name}, for {audience}"
            try:
                with terminal.spinner(f"training {number} of {len(groups)}: {subject}"):
                    made = await app.trainer.train(group, by=0)
                terminal.print_lines(f"{subject}: {training_summary(made)}")
            except IsolatedProcessError as error:
                all_trained = False
                terminal.print_lines(f"{subject}: failed; it answers as before")
                terminal.print_errors(f"nugu: {subject}: {error}")
            except PersonError as error:
                terminal.print_lines(f"{subject}: {render_for_terminal(error)}")
    return all_trained


def training_summary(model: GroupModel) -> str:
    """`model 3 of 9 members and 45 photos answers; …`, or the objections to it."""
    figures = model.figures
    name = f"model {model.number} of {counted(figures.members, 'member')} and {counted(figures.photos, 'photo')}"
    if not model.accepted:
        return f"{name} is refused: {gate_objections(figures.judged)}"
    state = "answers" if model.answers else "answered once"
    return f"{name} {state}; it {model_accuracy(model)}; classifier: {classifier_trial(figures.trial)}"
