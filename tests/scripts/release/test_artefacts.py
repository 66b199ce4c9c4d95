import sys

import pytest

from scripts.release.artefacts import ARTEFACTS, Artefact, check_tools, choose
from scripts.release.errors import Refusal, ReleaseRefused

SOME = (Artefact("one"), Artefact("two"), Artefact("three"))


def test_choose_keeps_the_order_of_building() -> None:
    assert choose(["three", "one"], artefacts=SOME) == [SOME[0], SOME[2]]


def test_choose_returns_all_without_names() -> None:
    assert choose([], artefacts=SOME) == list(SOME)


def test_choose_leaves_out_unwanted_steps() -> None:
    assert choose([], ["two"], SOME) == [SOME[0], SOME[2]]
    with pytest.raises(ReleaseRefused, match="four"):
        choose([], ["four"], SOME)


def test_choose_refuses_an_unknown_name_and_lists_the_known() -> None:
    with pytest.raises(ReleaseRefused, match="four is no artefact.*one, three, two") as refused:
        choose(["four", "one"], artefacts=SOME)
    assert refused.value.kind is Refusal.UNKNOWN_ARTEFACT


def test_check_tools_names_each_missing_program_once() -> None:
    with pytest.raises(ReleaseRefused, match="install no-such-tool, or") as refused:
        check_tools([Artefact("a", ("no-such-tool", sys.executable)), Artefact("b", ("no-such-tool",))])
    assert refused.value.kind is Refusal.TOOL_MISSING


@pytest.mark.parametrize("artefact", ARTEFACTS, ids=lambda artefact: artefact.name)
def test_every_artefact_has_a_function_that_builds(artefact: Artefact) -> None:
    assert callable(artefact.build)


def test_checksums_come_last() -> None:
    assert ARTEFACTS[-1].name == "checksums"
