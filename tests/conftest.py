"""Provide fixtures for every test."""

import gc
import os
import re
import signal
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings, strategies
from xdist.scheduler import LoadScopeScheduling

from runtime.program_start import set_environment
from tests.helpers.examples import DRAWS_OTHERS, examples
from tests.helpers.valkey import Broker, binaries, running_broker

pytest_plugins = ["tests.helpers.qt", "tests.helpers.skips", "tests.helpers.proofs"]

ROOT = Path(__file__).resolve().parent.parent
OURS = ("KIKIPOUNAMU_TEST_", "KIKIPOUNAMU_EXTRA_")
"""Prefixes of variables for the tests; all other settings in the user's environment are removed."""

for name in [name for name in os.environ if name.startswith("KIKIPOUNAMU_") and not name.startswith(OURS)]:
    del os.environ[name]
for name in ("LANGUAGE", "LC_MESSAGES", "LC_ALL"):  # the user's language would limit the languages of recognition
    os.environ.pop(name, None)
os.environ["LANG"] = "C.UTF-8"
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")  # a test of a real screen starts a program with another one
set_environment()  # as every program does first
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in the background of a shell: tests send it to programs
    signal.signal(signal.SIGINT, signal.default_int_handler)


# No deadline: the duration of an example depends on the load of the machine.
settings.register_profile(
    "unhurried",
    settings(),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    max_examples=examples(100),
)
# For the suite: the same examples each time.
settings.register_profile("same", settings.get_profile("unhurried"), derandomize=True, database=None)
# For `make mutants`: the same examples each time, all of them, without shrinking.
settings.register_profile(
    "mutants",
    settings.get_profile("unhurried"),
    max_examples=100,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
)
settings.load_profile("unhurried" if DRAWS_OTHERS else "same")

NEW_OBJECTS = 20_000
"""Objects made since the last garbage collection that are worth another one."""

SERIAL = re.compile(r'mark\.serial(?:\("(\w+)"\))?')


@cache
def group_of(path: Path) -> str | None:
    """Return the serial group of a file's tests; ``None``: no group."""
    found = SERIAL.search(path.read_text("utf-8"))
    return (found.group(1) or "serial") if found else None


class GroupScheduling(LoadScopeScheduling):  # type: ignore[misc] # xdist ships no types for it
    """A scheduling of each ``serial`` group to one process, which xdist 3.8 cannot do with pytest 9.2."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(ROOT / nodeid.partition("::")[0]) or nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> GroupScheduling | None:
    """Return the scheduler for xdist; ``None``: its own."""
    return GroupScheduling(config, log) if config.getoption("dist") == "loadgroup" else None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect tests without garbage collection, and exempt them all from it: no test pays for the others.

    Python collects none by itself afterwards: see ``pytest_runtest_logfinish``.
    """
    gc.disable()
    try:
        # Imports a large module, which Python 3.11 cannot parse if a collection prints a traceback meanwhile.
        strategies.builds(list).validate()
        return (yield)
    finally:
        gc.freeze()


def pytest_runtest_logfinish() -> None:
    """Collect garbage between tests only, in the main thread: another thread would destroy Qt's objects."""
    if gc.get_count()[0] > NEW_OBJECTS:
        gc.collect()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Require the exact spelling by which scripts/run_tests.py finds serial tests; others would never run."""
    for item in items:
        if mark := item.get_closest_marker("serial"):
            assert group_of(item.path) == (mark.args or ("serial",))[0], (
                f"{item.path}: write pytest.mark.serial there"
            )


@pytest.fixture(scope="session")
def models() -> Path:
    """Return the folder with the models ``fsmn-vad`` and ``whisper-base``; ``make test`` fills it."""
    folder = Path(os.environ.get("KIKIPOUNAMU_TEST_MODELS", ROOT / ".cache" / "models"))
    for name in ("fsmn-vad", "whisper-base"):
        assert (folder / name).is_dir(), f"{name} is not in {folder}: run `make test`, or `make models`"
    return folder


@pytest.fixture(params=sorted(binaries()))
def any_broker(request: pytest.FixtureRequest) -> Iterator[Broker]:
    """Run an empty broker of each installed kind, for tests of the scripts."""
    with running_broker(binaries()[request.param]) as broker:
        yield broker


@pytest.fixture
def broker() -> Iterator[Broker]:
    """Run an empty Valkey server."""
    if "valkey" not in binaries():
        pytest.skip("needs Linux or macOS: a broker of ours")
    with running_broker() as broker:
        yield broker


@pytest.fixture
def brokers() -> Iterator[list[Broker]]:
    """Run three empty Valkey servers, each for a shard."""
    with ExitStack() as stack:
        yield [stack.enter_context(running_broker()) for _ in range(3)]
