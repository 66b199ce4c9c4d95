"""Cards are those that NVIDIA's driver reports."""

from pathlib import Path

import pytest

from app.gpu.installer import NvidiaCard, ask, find_cards

TOLD = "NVIDIA GeForce RTX 5060 Ti, 580.95.05, 12.0\nTesla T4, 580.95.05, 7.5\n"


def test_cards_are_read_the_most_capable_first() -> None:
    newest, older = find_cards(lambda command: "Tesla T4, 535.1, 7.5\nNVIDIA H100, 535.1, 9.0\n")
    assert newest == NvidiaCard("NVIDIA H100", (535, 1), (9, 0)) and older.name == "Tesla T4"
    assert newest.description == "NVIDIA H100, capability 9.0, driver 535.1"


@pytest.mark.parametrize("told", ["", "NVIDIA-SMI has failed", "a, b, c", "Tesla, [N/A], 7.5", "x, 1.2, 3, 4"])
def test_other_answers_are_no_card(told: str) -> None:
    assert find_cards(lambda command: told) == ()


def test_driver_is_asked_in_a_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "nvidia-smi"
    program.write_text(f"#!/bin/sh\nprintf '{TOLD}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert [card.capability for card in find_cards()] == [(12, 0), (7, 5)]


def test_missing_or_failing_program_answers_nothing() -> None:
    assert ask(["/no/such/program"]) == "" and ask(["/bin/sh", "-c", "echo x; exit 3"]) == ""
