"""Surroundings of the caret: asked only with permission, and refused only when certain."""

from dataclasses import dataclass

import pytest

from app.insertion.outcome import FocusKind, HoldReason, Target, TextSurroundings
from app.insertion.plan import PermittedReader, ProgramRule, Rules, refusal, with_rules

TARGET = Target(1, "org.example.Editor")
FIELD, PASSWORD, NO_FIELD = (TextSurroundings(kind) for kind in FocusKind)


@dataclass(frozen=True)
class Options:
    read_text: bool = True
    joins: bool = True
    rules: Rules = Rules()


async def read(target: Target) -> TextSurroundings | None:
    return NO_FIELD


@pytest.mark.parametrize("permitted", [True, False])
async def test_surroundings_are_read_only_with_permission(permitted: bool) -> None:
    reader = PermittedReader(read, lambda: Options(permitted))
    assert await reader(TARGET) == (NO_FIELD if permitted else None)


@pytest.mark.parametrize("joins", [True, False])
async def test_joint_stays_where_the_user_wants_no_spaces(joins: bool) -> None:
    async def told(target: Target) -> TextSurroundings | None:
        return TextSurroundings(FocusKind.FIELD, "I think", "s")

    found = await PermittedReader(told, lambda: Options(joins=joins))(TARGET)
    assert found == (
        TextSurroundings(FocusKind.FIELD, "I think", "s") if joins else TextSurroundings(FocusKind.FIELD)
    )


@pytest.mark.parametrize(
    ("found", "program", "left"),
    [
        (NO_FIELD, "editor", None),
        (NO_FIELD, "chat", NO_FIELD),
        (PASSWORD, "editor", PASSWORD),
        (FIELD, "editor", FIELD),
        (None, "editor", None),
    ],
)
def test_rule_for_the_program_wins_over_a_missing_field(
    found: TextSurroundings | None, program: str, left: TextSurroundings | None
) -> None:
    assert with_rules(found, TARGET, Rules(programs=(ProgramRule(program),))) == left


@pytest.mark.parametrize(
    ("found", "requested", "reason"),
    [
        (None, False, None),
        (FIELD, False, None),
        (PASSWORD, False, HoldReason.PASSWORD),
        (PASSWORD, True, HoldReason.PASSWORD),
        (NO_FIELD, False, HoldReason.NO_FIELD),
        (NO_FIELD, True, None),
    ],
)
def test_text_is_refused_only_for_a_reason(
    found: TextSurroundings | None, requested: bool, reason: HoldReason | None
) -> None:
    assert refusal(found, requested=requested) is reason
