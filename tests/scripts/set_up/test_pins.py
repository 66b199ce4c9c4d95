"""Test the pins in ``constraints.txt``."""

from scripts.set_up.checkout import CONSTRAINTS
from scripts.set_up.pins import pins


def test_pins_have_no_local_versions_and_omit_torch() -> None:
    versions = {"Some_Name": "1.2+cpu", "torch": "2.13.0", "nvidia-cublas": "13", "kikipounamu": "0.1", "abc": "2"}
    report = {"install": [{"metadata": {"name": name, "version": versions[name]}} for name in versions]}
    assert pins(report) == ["abc==2", "some-name==1.2"]


def test_shipped_pins_are_plain() -> None:
    lines = [line for line in CONSTRAINTS.read_text().splitlines() if not line.startswith("#")]
    assert len(lines) > 50
    assert [line for line in lines if "+" in line or "@" in line or line.startswith("torch==")] == []
