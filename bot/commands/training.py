"""`nugu train`: a model of every group now, and how it did."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.app import App
from bot.commands import terminal
from bot.commands.messages import at_terminal
from bot.database.rosters import RosterRepository
from bot.domain.rosters import SHARED_ROSTER
from bot.errors import NoRosterError, PersonError
from bot.text.formatting import counted
from bot.text.models import classifier_trial, gate_objections, model_accuracy
from models.learning.isolation import BrokenOffError

if TYPE_CHECKING:
    from bot.domain.models import MadeModel
    from bot.settings import Settings


async def train_groups(settings: Settings) -> bool:
    """Train and print a line a group; whether none failed. Raises NoRosterError when nobody is enrolled."""
    well = True
    async with App.open(settings) as app:
        async with app.database.reading() as session:
            rosters = RosterRepository(session)
            servers = await rosters.servers()
            counts = await rosters.photo_counts(servers)
        groups = {count.group: count for count in counts if count.photos}
        if not groups:
            raise NoRosterError
        for number, (group, count) in enumerate(groups.items(), start=1):
            whose = "every server" if count.server == SHARED_ROSTER else f"server {count.server}"
            about = f"{count.group_name}, for {whose}"
            try:
                with terminal.at_work(f"training {number} of {len(groups)}: {about}"):
                    made = await app.trainer.train(group, by=0)
                terminal.say(f"{about}: {training_summary(made)}")
            except BrokenOffError as error:
                well = False
                terminal.say(f"{about}: failed; it answers as before")
                terminal.complain(f"nugu: {about}: {error}")
            except PersonError as error:
                terminal.say(f"{about}: {at_terminal(error)}")
    return well


def training_summary(model: MadeModel) -> str:
    """What became of a training."""
    figures = model.figures
    told = f"model {model.number} of {counted(figures.members, 'member')} and {counted(figures.photos, 'photo')}"
    if not model.promoted:
        return f"{told} is kept aside: {gate_objections(figures.judged)}"
    state = "answers" if model.answers else "answered once"
    return f"{told} {state}; it {model_accuracy(model)}; classifier: {classifier_trial(figures.trial)}"
