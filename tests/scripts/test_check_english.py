"""Test the check of docstrings and test names."""

from pathlib import Path

import pytest

from scripts.check_english import docstring_fault, faults, main


@pytest.mark.parametrize(
    "text",
    [
        "It closes the socket at once.",
        "What a client sends to the gateway.",
        "Whether the broker answers in time.",
        "Nobody may read the key here.",
        "Those of the other gateway, too.\n\nMore of them.",
        "Close it now.",
        "Ids of keys.",
    ],
)
def test_unclear_docstring_is_refused(text: str) -> None:
    assert docstring_fault(text)


@pytest.mark.parametrize(
    "text", ["", "Close the socket at once.", "Settings of the gateway's listeners.", "Queue\n\nBounded."]
)
def test_plain_docstring_is_accepted(text: str) -> None:
    assert docstring_fault(text) == ""


def test_fault_has_line_and_name_of_module_class_method_and_test() -> None:
    source = '''"""It is here, in this module."""
class Queue:
    """Audio queue."""
    async def close(self):
        """They are closed, every one of them."""
def test_it_works(): ...
def test_queue_drops_oldest_entry_when_full(): ...
'''
    assert [(line, fault.partition(":")[0]) for line, fault in sorted(faults(source))] == [
        (1, "module"),
        (2, "Queue"),
        (4, "close"),
        (6, "test_it_works"),
    ]


def test_command_prints_faults_below_folders_and_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "good.py").write_text('"""Bounded queue of audio frames."""\n')
    assert main([str(tmp_path)]) == 0
    (tmp_path / "inner" / "bad.py").write_text('def f():\n    """Whoever calls this waits."""\n')
    assert main([str(tmp_path)]) == 1
    assert capsys.readouterr().out.startswith(f"{tmp_path}/inner/bad.py:1: f: a docstring names its subject")
