"""Fixtures for every test."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.valkey import Broker, binaries, running_broker

pytest_plugins = ["tests.helpers.qt", "tests.helpers.skips"]

ROOT = Path(__file__).resolve().parent.parent
OURS = ("KIKIPOUNAMU_TEST_", "KIKIPOUNAMU_EXTRA_")
"""What is said to the tests; everything else is said to the programs, by whoever uses them on this computer."""

for name in [name for name in os.environ if name.startswith("KIKIPOUNAMU_") and not name.startswith(OURS)]:
    del os.environ[name]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """``serial`` tests run one after the other, and those of ``serial("sound")`` beside them."""
    for item in items:
        if mark := item.get_closest_marker("serial"):
            # By these words scripts/run_tests.py finds the files: another spelling would never be run.
            assert "mark.serial" in item.path.read_text("utf-8"), f"{item.path}: write pytest.mark.serial there"
            item.add_marker(pytest.mark.xdist_group(*mark.args or ("serial",)))


@pytest.fixture(scope="session")
def models() -> Path:
    """Folder with the installed models ``fsmn-vad`` and ``whisper-base``; ``make test`` fills it."""
    folder = Path(os.environ.get("KIKIPOUNAMU_TEST_MODELS", ROOT / ".cache" / "models"))
    for name in ("fsmn-vad", "whisper-base"):
        assert (folder / name).is_dir(), f"{name} is not in {folder}: run `make test`, or `make models`"
    return folder


@pytest.fixture(params=sorted(binaries()))
def any_broker(request: pytest.FixtureRequest) -> Iterator[Broker]:
    """An empty broker of each kind that is installed: what the scripts are tested on."""
    with running_broker(binaries()[request.param]) as broker:
        yield broker


@pytest.fixture
def broker() -> Iterator[Broker]:
    """An empty Valkey."""
    with running_broker() as broker:
        yield broker
