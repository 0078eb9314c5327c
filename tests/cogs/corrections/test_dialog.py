"""The dialog that corrects a face, in cases that no test picture has."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.domain.answers import Answer, AnsweredFace, AnsweredPicture, FaceAnnotation
from bot.domain.enums import AnnotationMeaning
from cogs.answers.cards import answer_card
from cogs.answers.details import details_card
from cogs.corrections.cards import OtherNameModal, which_face_card, who_card
from models.faces import Box, ConfidenceBand, Guess, GuessBasis, MemberCandidate
from tests.stories.reading import card_parts, card_text


def face(number: int, *candidates: MemberCandidate, annotation: FaceAnnotation | None = None) -> AnsweredFace:
    return AnsweredFace(
        number, number, Box(0, 0, 9, 9), Guess(None, None, 0.9, ConfidenceBand.UNKNOWN, candidates), annotation
    )


def answer(*faces: AnsweredFace) -> Answer:
    picture = AnsweredPicture(0, "who.jpg", (10, 10), None, None, faces)
    return Answer(1, None, 1, "dlib-1", 0.5, (0,), (picture,)).with_current_drawing()


def test_more_faces_than_a_menu_holds() -> None:
    step = which_face_card(answer(*(face(number) for number in range(1, 32))), 5)
    (menu,) = card_parts(step, 3)
    (text,) = card_parts(step, 10)
    assert len(menu["options"]) == 25
    assert "The first 25 of 31 faces" in text["content"]


def test_a_corrected_face_is_offered_by_its_correction() -> None:
    said = FaceAnnotation(1, AnnotationMeaning.MEMBER, "Momo", 7)
    (menu,) = card_parts(which_face_card(answer(face(1), face(2, annotation=said)), 5), 3)
    assert [option["label"] for option in menu["options"]] == ["① someone I don't know", "② Momo"]


@pytest.mark.parametrize(("other", "shown"), [("ITZY", ["TWICE", "ITZY", None]), ("TWICE", [None] * 3)])
def test_the_menu_names_the_group_where_there_are_several(other: str, shown: list[str | None]) -> None:
    asked = face(1, MemberCandidate(1, "Mina", 0.5, "TWICE"), MemberCandidate(2, "Mina", 0.4, other))
    whole = answer(asked)
    step, files = who_card(whole, whole.pictures[0], asked, 5, None)
    assert files == []
    (menu,) = card_parts(step, 3)
    assert [option.get("description") for option in menu["options"]] == shown


def test_a_name_is_neither_markup_nor_mention_nor_link() -> None:
    said = FaceAnnotation(1, AnnotationMeaning.MEMBER, "<@1> **https://a.example**", 7)
    shown = answer(face(1, MemberCandidate(1, "[Sana](https://a.example)", 0.5), annotation=said))
    line, details = (card_parts(card(shown), 10)[0]["content"] for card in (answer_card, details_card))
    assert line == r"① **\<\@1\> \*\*https\://a.example\*\*** ✓"
    assert r"\[Sana](https\://a.example)" in details


@pytest.mark.parametrize(
    ("basis", "line", "why"),
    [
        (GuessBasis.ELIMINATION, "① **Rm?** by elimination", "so that Rm is left"),
        (GuessBasis.CONTEXT, "① **Rm?** from context", "Only the others beside it speak for Rm."),
    ],
)
def test_a_name_from_context_has_its_basis_in_place_of_a_confidence(basis: GuessBasis, line: str, why: str) -> None:
    candidates = MemberCandidate(1, "Rm", 0.31), MemberCandidate(2, "V", 0.004)
    asked = replace(face(1), guess=Guess(1, "Rm", 0.31, ConfidenceBand.UNSURE, candidates, basis))
    assert card_text(answer_card(answer(asked))) == line
    details = card_text(details_card(answer(asked)))
    assert "`████░░░░░░░░` 31% Rm\n`████████░░░░` 69% someone I don't know" in details
    assert why in details
    assert "on. Less than 1%: V." in details, "one face leaves out nobody else"
    both = answer(
        asked, replace(face(2), guess=Guess(2, "V", 0.9, ConfidenceBand.SURE, (MemberCandidate(2, "V", 0.9),)))
    )
    assert "for every face" not in card_text(details_card(both))
    assert "A name that a face doesn't list has less than 1% for it." in card_text(details_card(both))
    said = replace(asked, annotation=FaceAnnotation(1, AnnotationMeaning.MEMBER, "Rm", 7))
    assert why not in card_text(details_card(answer(said)))


def test_the_authors_of_labels_stand_once_on_a_card() -> None:
    by = {
        number: FaceAnnotation(number, AnnotationMeaning.MEMBER, "Sana", 7 if number < 3 else 8) for number in (1, 2, 3)
    }
    alone = answer(face(1, annotation=by[1]), face(2, annotation=by[2]), face(3))
    assert card_text(answer_card(alone)).endswith("③ someone I don't know\n-# ✓ said by <@7>")
    for card in (answer_card, details_card):
        assert "-# ✓ ① ② said by <@7> · ③ said by <@8>" in card_text(
            card(answer(*(face(n, annotation=by[n]) for n in by)))
        )
    crowd = [face(n, annotation=FaceAnnotation(n, AnnotationMeaning.STRANGER, None, 10**18 + n)) for n in range(1, 40)]
    assert "-# ✓ said by 39 people" in card_text(answer_card(answer(*crowd)))
    several = replace(
        alone, pictures=(alone.pictures[0], replace(alone.pictures[0], position=1, faces=(face(9, annotation=by[3]),)))
    )
    assert "✓ picture 1 ① picture 1 ② said by <@7> · picture 2 ⑨ said by <@8>" in card_text(answer_card(several))


async def test_a_modal_carries_its_route_and_is_not_kept_in_memory() -> None:
    form = OtherNameModal("nugu:else:1:2:3")
    assert form.custom_id == "nugu:else:1:2:3"
    assert form.is_finished()


def test_no_card_is_kept_in_memory() -> None:
    assert not answer_card(answer(face(1))).is_dispatchable()
