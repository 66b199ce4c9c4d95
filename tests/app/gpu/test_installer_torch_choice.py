"""The choice of torch is that of the table in packaging/torch.md."""

import re
import sys
from itertools import product
from pathlib import Path

import pytest

from app.gpu.installer import CPU, PLAIN, GpuError, NvidiaCard, ask, choose_torch

TABLE = (Path(__file__).parents[3] / "packaging" / "torch.md").read_text()


def card(capability: str, driver: int = 580) -> NvidiaCard:
    return NvidiaCard("a card", (driver, 10), tuple(map(int, capability.split("."))))


def build(capability: str, driver: int = 580, machine: str = "x86_64", platform: str = "linux") -> str:
    """Return the build and the requirement that are chosen; empty: none fits."""
    try:
        choice = choose_torch(platform, machine, card(capability, driver))
    except GpuError:
        return ""
    return f"{choice.place.rpartition('/')[2]} {choice.requirement}"


@pytest.mark.parametrize(
    ("capability", "driver", "wanted"),
    [
        ("12.0", 580, "cu130 torch>=2.9"),  # RTX 50
        ("12.0", 570, "cu128 torch>=2.7,<2.12"),
        ("12.0", 560, ""),
        ("10.0", 575, "cu128 torch>=2.7,<2.12"),  # B200
        ("9.0", 580, "cu130 torch>=2.9"),  # H100
        ("9.0", 535, "cu126 torch>=2.6"),
        ("8.6", 525, "cu126 torch>=2.6"),  # RTX 30
        ("7.5", 580, "cu130 torch>=2.9"),  # T4
        ("7.0", 580, "cu126 torch>=2.6,<2.15"),  # V100
        ("6.1", 580, "cu126 torch>=2.6,<2.15"),  # GTX 10
        ("5.2", 525, "cu126 torch>=2.6,<2.15"),
        ("8.6", 470, ""),
        ("3.5", 580, ""),
        ("13.0", 600, ""),
    ],
)
def test_build_fits_card_and_driver(capability: str, driver: int, wanted: str) -> None:
    assert build(capability, driver) == wanted
    assert build(capability, driver, "AMD64", "win32") == wanted


@pytest.mark.parametrize(
    ("capability", "driver", "wanted"),
    [
        ("9.0", 580, "cu130 torch>=2.9"),
        ("9.0", 535, "cu126 torch>=2.6"),
        ("11.0", 580, "cu130 torch>=2.9"),
        ("7.5", 580, ""),
    ],
)
def test_build_for_arm_has_fewer_cards(capability: str, driver: int, wanted: str) -> None:
    assert build(capability, driver, "aarch64") == wanted


def test_processor_is_used_without_a_card() -> None:
    assert choose_torch("linux", "x86_64", None) == CPU and CPU.arguments[1:] == ("--index-url", CPU.place)
    assert choose_torch("darwin", "arm64", card("9.0")) == PLAIN and PLAIN.arguments == ("torch>=2.6",)


def test_old_driver_is_reported_with_the_one_to_install() -> None:
    with pytest.raises(GpuError, match="update it to 570"):
        choose_torch("linux", "x86_64", card("12.0", 560))
    with pytest.raises(GpuError, match="on the processor"):
        choose_torch("linux", "x86_64", card("3.5"))


def rows() -> list[tuple[str, dict[str, str]]]:
    """Return the capabilities of each row of the document's table, with what it says of each build."""
    found = []
    for line in TABLE.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 5 and (numbers := re.findall(r"\d+\.[\dx]", cells[1])):
            says = dict(zip(("cu126", "cu128", "cu130"), cells[2:], strict=True))
            found += [(number.replace("x", "2"), says) for number in numbers]
    return found


def test_table_of_the_document_has_cards() -> None:
    assert len(rows()) >= 9


@pytest.mark.parametrize(("row", "driver"), list(product(rows(), (525, 570, 580))))
def test_chosen_build_is_one_that_the_document_allows(row: tuple[str, dict[str, str]], driver: int) -> None:
    capability, says = row
    chosen = build(capability, driver).partition(" ")[0]
    assert not chosen or not says[chosen].startswith(("no", "**no"))


def test_output_in_another_encoding_is_read() -> None:
    assert ask([sys.executable, "-c", "import os; os.write(1, bytes([71, 255]))"]) == "G\ufffd"
