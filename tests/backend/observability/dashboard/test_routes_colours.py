"""Readable colours: each pair of colours on the page has the contrast that WCAG 2.2 requires."""

import re
from itertools import product

import pytest

from tests.backend.observability.dashboard.conftest import STATIC
from tests.helpers.contrast import contrast

TEXT, DRAWN = 4.5, 3.0
GROUNDS = ("window", "surface", "sunken")
HUES = tuple(f"hue-{name}" for name in (*range(7), "more"))
READ = [
    *product(("text", "muted", "accent", "danger", "warning"), GROUNDS),
    ("on-accent", "accent"),
    *((name, f"{name}-soft") for name in ("accent", "warning", "danger")),
    ("muted", "accent-soft"),  # time labels below a filled curve
]
SEEN = [
    *product(("edge", *HUES), ("surface",)),
    ("edge", "window"),
    ("accent", "accent-soft"),
    ("warning", "sunken"),
]
SEEN += [("accent", "sunken"), ("hue-1", "accent-soft")]


def schemes(sheet: str) -> dict[str, dict[str, str]]:
    """Return the colours by name, of the light and the dark scheme."""
    blocks = re.findall(r'^:root(?:\[data-theme="(\w+)"\])? \{(.*?)\}', sheet, re.DOTALL | re.MULTILINE)
    return {name or "light": dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block)) for name, block in blocks}


SCHEMES = schemes((STATIC / "colours.css").read_text())


def test_both_schemes_define_every_colour() -> None:
    assert set(SCHEMES) == {"light", "dark"} and set(SCHEMES["light"]) == set(SCHEMES["dark"])


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("least", "pairs"), [(TEXT, READ), (DRAWN, SEEN)], ids=["read", "seen"])
def test_colour_pairs_have_required_contrast(scheme: str, least: float, pairs: list[tuple[str, str]]) -> None:
    colours = SCHEMES[scheme]
    ratios = {pair: contrast(colours[pair[0]], colours[pair[1]]) for pair in pairs}
    assert {pair: round(ratio, 2) for pair, ratio in ratios.items() if ratio < least} == {}


def test_stylesheets_use_only_defined_colours() -> None:
    for path in STATIC.glob("*.css"):
        used = set(re.findall(r"var\(--([\w-]+)", path.read_text())) - {"share", "across"}
        assert used <= set(SCHEMES["light"]), path.name
        assert path.name == "colours.css" or not re.search(r"#[0-9a-fA-F]{3,8}\b(?!\s*\{|\S)", path.read_text())
