"""Actions of a card in each state of its model: one button, the others in the menu."""

from dataclasses import replace

import pytest

from app.models.view import LocalModelView, ModelFacts, ModelState, ModelUse, Purpose
from app.ui.models.wording import CardAction, can_be_done, main_action, menu_actions

MODEL = LocalModelView(ModelFacts("a", size=1000))
FILES = [CardAction.VERIFY, CardAction.DELETE]


@pytest.mark.parametrize(
    ("state", "changes", "main", "menu"),
    [
        (ModelState.MISSING, {}, CardAction.FETCH_USE, [CardAction.FETCH_ONLY, CardAction.IMPORT]),
        (ModelState.MISSING, {"chosen": True}, CardAction.FETCH, [CardAction.IMPORT]),
        (ModelState.MISSING, {"lacks": "funasr"}, CardAction.COPY, [CardAction.FETCH_ONLY, CardAction.IMPORT]),
        (ModelState.QUEUED, {}, CardAction.PAUSE, [CardAction.CANCEL]),
        (ModelState.FETCHING, {"done": 100}, CardAction.PAUSE, [CardAction.CANCEL]),
        (ModelState.PAUSED, {"done": 100}, CardAction.RESUME, [CardAction.IMPORT, CardAction.DISCARD]),
        (ModelState.BUSY, {}, None, []),
        (ModelState.BUSY, {"waiting": True}, CardAction.CANCEL, []),
        (ModelState.IMPORTING, {}, CardAction.CANCEL, []),
        (ModelState.VERIFYING, {}, CardAction.CANCEL, []),
        (ModelState.INSTALLED, {}, CardAction.USE, FILES),
        (ModelState.INSTALLED, {"chosen": True}, None, FILES),
        (ModelState.INSTALLED, {"lacks": "funasr"}, CardAction.COPY, FILES),
        (ModelState.DAMAGED, {}, CardAction.REPAIR, [CardAction.IMPORT, CardAction.DELETE]),
        (ModelState.FAILED, {}, CardAction.RETRY, [CardAction.IMPORT]),
        (ModelState.FAILED, {"done": 100}, CardAction.RETRY, [CardAction.IMPORT, CardAction.DISCARD]),
        (ModelState.FAILED, {"retry_s": 9}, CardAction.RETRY, [CardAction.IMPORT, CardAction.CANCEL]),
        (
            ModelState.FAILED,
            {"retry_s": 9, "done": 100},
            CardAction.RETRY,
            [CardAction.IMPORT, CardAction.DISCARD],
        ),
        (ModelState.REMOVING, {}, None, []),
    ],
)
def test_each_state_has_one_next_step(
    state: ModelState, changes: dict[str, object], main: CardAction | None, menu: list[CardAction]
) -> None:
    model = replace(MODEL, state=state, **changes)  # type: ignore[arg-type]  # values of its fields
    assert (main_action(model), menu_actions(model)) == (main, menu)


def test_model_without_engine_or_source_is_not_offered_for_use() -> None:
    assert main_action(LocalModelView(ModelFacts("a", later=True))) is None
    assert main_action(LocalModelView(ModelFacts("a", Purpose.PUNCTUATION))) is CardAction.FETCH
    exported = LocalModelView(ModelFacts("a", exported_from="b"))
    assert (main_action(exported), menu_actions(exported)) == (CardAction.COPY, [CardAction.IMPORT])


def test_model_in_use_cannot_be_deleted() -> None:
    assert can_be_done(CardAction.DELETE, MODEL)
    assert not can_be_done(CardAction.DELETE, replace(MODEL, use=ModelUse.WORKER))
    assert not can_be_done(CardAction.PAUSE, replace(MODEL, stopping=True))
