"""The buttons, the menu and the modal of /review. Each reads the user's trust again, and shows the next face."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import discord

from bot.domain.enums import AnnotationMeaning
from bot.usecases import review
from cogs.answers.cards import picture_urls
from cogs.common.components import PersistentItem, actor_of
from cogs.common.layout import Button, custom_id, message_card
from cogs.common.modals import modal_listener
from cogs.common.places import require_server
from cogs.common.responses import show
from cogs.corrections.cards import NAME, OtherNameModal
from cogs.corrections.dialog import MembersMenu
from cogs.review.cards import choice_card, review_card
from cogs.review.texts import CLOSED

if TYPE_CHECKING:
    from bot.app import App
    from bot.client import Nugu
    from bot.usecases.questions.correct import Actor
    from bot.usecases.review import ReviewPage
    from cogs.common.modals import ModalSubmission

FACE = r"(?P<face>\d+)"
MEMBER = rf"{FACE}:(?P<member>\d+)"


class _ReviewItem(PersistentItem[Any], template=r"nugu:item"):
    """A button whose response is the next face."""

    async def respond(self, interaction: discord.Interaction[Nugu]) -> None:
        app, server_id, actor = interaction.client.app, require_server(interaction), await actor_of(interaction)
        await show(interaction, *review_card(await self.answer(app, server_id, actor)))

    async def answer(self, app: App, server_id: int, actor: Actor) -> ReviewPage:
        """Save the answer, and find the next page."""
        raise NotImplementedError


class ReviewYesButton(_ReviewItem, template=rf"nugu:review:yes:{MEMBER}"):
    """Confirms the proposed member."""

    async def answer(self, app: App, server_id: int, actor: Actor) -> ReviewPage:
        return await review.confirm_member(app, server_id, self.ids["face"], self.ids["member"], actor)


class ReviewUseButton(_ReviewItem, template=rf"nugu:review:use:{MEMBER}"):
    """Confirms the proposed member, and learns from the face although it is small or blurred."""

    async def answer(self, app: App, server_id: int, actor: Actor) -> ReviewPage:
        return await review.confirm_member(app, server_id, self.ids["face"], self.ids["member"], actor, deliberate=True)


class ReviewNoButton(_ReviewItem, template=rf"nugu:review:no:{MEMBER}"):
    """Denies the proposed member."""

    async def answer(self, app: App, server_id: int, actor: Actor) -> ReviewPage:
        return await review.deny_member(app, server_id, self.ids["face"], self.ids["member"], actor)


class ReviewNotAFaceButton(_ReviewItem, template=rf"nugu:review:noface:{FACE}"):
    """Labels the crop as not a face."""

    async def answer(self, app: App, server_id: int, actor: Actor) -> ReviewPage:
        return await review.mark_as_nobody(app, server_id, self.ids["face"], AnnotationMeaning.NOT_A_FACE, actor)


class ReviewNotAMemberButton(_ReviewItem, template=rf"nugu:review:stranger:{FACE}"):
    """Labels the face as a stranger's."""

    async def answer(self, app: App, server_id: int, actor: Actor) -> ReviewPage:
        return await review.mark_as_nobody(app, server_id, self.ids["face"], AnnotationMeaning.STRANGER, actor)


class ReviewSkipButton(_ReviewItem, template=rf"nugu:review:skip:{FACE}"):
    """Skips the face."""

    async def answer(self, app: App, server_id: int, actor: Actor) -> ReviewPage:
        return await review.skip(app, server_id, self.ids["face"], actor)


class ReviewUndoButton(_ReviewItem, template=rf"nugu:review:undo:{FACE}"):
    """Undoes the reviewer's last answer."""

    async def answer(self, app: App, server_id: int, actor: Actor) -> ReviewPage:
        return await review.undo(app, server_id, self.ids["face"], actor)


class ReviewNextButton(_ReviewItem, template=r"nugu:review:next"):
    """Looks for a new face."""

    async def answer(self, app: App, server_id: int, actor: Actor) -> ReviewPage:
        return await review.next_page(app, server_id, actor)


class ReviewBackButton(_ReviewItem, template=rf"nugu:review:look:{FACE}"):
    """Returns from the menu of members to the face."""

    async def answer(self, app: App, server_id: int, actor: Actor) -> ReviewPage:
        return await review.show(app, server_id, self.ids["face"], actor)


class ReviewOtherButton(PersistentItem[Button], template=rf"nugu:review:who:{FACE}"):
    """Shows the menu of members, the likeliest first."""

    async def respond(self, interaction: discord.Interaction[Nugu]) -> None:
        assert interaction.message is not None
        app, server_id, actor = interaction.client.app, require_server(interaction), await actor_of(interaction)
        page = await review.show(app, server_id, self.ids["face"], actor)
        if isinstance(page.content, review.ReviewItem) and page.content.face.face.id == self.ids["face"]:
            card = choice_card(page.content, picture_urls(interaction.message))
            await interaction.edit_original_response(view=card)
        else:
            await show(interaction, *review_card(page))


class ReviewMemberMenu(MembersMenu, template=rf"nugu:review:member:{FACE}"):
    """Chooses the member."""

    def modal(self) -> OtherNameModal:
        return OtherNameModal(custom_id("review:else", self.ids["face"]))

    async def choose(self, interaction: discord.Interaction[Nugu], member: int) -> None:
        app, server_id, actor = interaction.client.app, require_server(interaction), await actor_of(interaction)
        await show(
            interaction, *review_card(await review.confirm_member(app, server_id, self.ids["face"], member, actor))
        )


class ReviewDoneButton(PersistentItem[Button], template=r"nugu:review:done"):
    """Ends the review, and frees the face for other reviewers."""

    async def respond(self, interaction: discord.Interaction[Nugu]) -> None:
        await review.close(interaction.client.app, require_server(interaction), await actor_of(interaction))
        await interaction.edit_original_response(view=message_card(CLOSED), attachments=[])


async def _named(interaction: discord.Interaction[Nugu], submission: ModalSubmission) -> None:
    """The user typed another name."""
    await interaction.response.defer()
    app, server_id, actor = interaction.client.app, require_server(interaction), await actor_of(interaction)
    page = await review.assign_name(app, server_id, submission.ids["face"], submission.text(NAME), actor)
    await show(interaction, *review_card(page))


other_name_listener = modal_listener(rf"nugu:review:else:{FACE}", _named)
"""Answers `OtherNameModal`."""


ITEMS: tuple[type[PersistentItem[Any]], ...] = (
    ReviewYesButton,
    ReviewUseButton,
    ReviewNoButton,
    ReviewNotAFaceButton,
    ReviewNotAMemberButton,
    ReviewSkipButton,
    ReviewUndoButton,
    ReviewNextButton,
    ReviewBackButton,
    ReviewOtherButton,
    ReviewMemberMenu,
    ReviewDoneButton,
)
