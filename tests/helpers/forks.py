"""A pytest plugin: ``--forks N`` runs the collected tests in N processes that are forked after the collection.

Every process of xdist imports and collects all tests by itself, which takes as long as hundreds of tests. These
processes begin with equal numbers of tests; later, each takes half of those that another one has left. A group
of ``serial`` tests stays in one process. For Linux: elsewhere a forked process may not use all libraries.
"""

import os
import signal
import sys
import traceback
import warnings
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from io import TextIOWrapper
from multiprocessing.connection import Connection, Pipe, wait
from typing import Any, Final, NoReturn

import pytest

Order = tuple[int, int | None]
"""A test to run and the test that follows in the same process, by their places among the collected tests."""

_DONE: Final = "done"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option with the number of processes."""
    parser.addoption("--forks", type=int, default=0, metavar="N", help="run tests in N forked processes")


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """Run all tests in forked processes if the option asks for them."""
    count: int = session.config.getoption("--forks")
    if not count or session.config.option.collectonly or session.testsfailed:
        return None  # pytest's own loop reports errors of the collection
    Forks(session, count).run()
    return True


def shares(groups: list[str | None], count: int) -> list[list[int]]:
    """Return the places of the tests that stay together: a group each, or ``count`` equal parts without groups."""
    if any(groups):
        names = dict.fromkeys(groups)
        parts = [[place for place, group in enumerate(groups) if group == name] for name in names]
        return sorted(parts, key=len, reverse=True)
    bounds = [len(groups) * number // count for number in range(count + 1)]
    return [list(range(*pair)) for pair in zip(bounds, bounds[1:], strict=False) if pair[0] < pair[1]]


@dataclass(eq=False)
class _Fork:
    """A forked process. It has been told to run ``running`` and then ``following``; ``left`` can be taken away."""

    number: int
    left: deque[int] = field(default_factory=deque)
    running: int | None = None
    following: int | None = None
    pid: int = 0
    connection: "Connection[Any, Any] | None" = None


class Forks:
    """The processes, and the tests that they have left."""

    def __init__(self, session: pytest.Session, count: int) -> None:
        self._session = session
        self._hook = session.config.hook
        groups = [_group(item) for item in session.items]
        self._grouped = any(groups)
        self._shares = deque(shares(groups, count))
        self._forks = [_Fork(number) for number in range(min(count, len(self._shares)))]
        factory = getattr(session.config, "_tmp_path_factory", None)
        self._temporary = factory.getbasetemp() if factory else None

    def run(self) -> None:
        """Run all tests, and pass their reports on. Raises what ends pytest early."""
        try:
            for fork in self._forks:
                fork.following = self._take(fork)
                self._begin(fork)
            while running := {fork.connection: fork for fork in self._forks if fork.connection}:
                for ready in wait(list(running)):
                    self._receive(running[ready])  # type: ignore[index] # only connections are waited for
                self._check_session()
        finally:
            for fork in self._forks:
                if fork.connection:
                    os.kill(fork.pid, signal.SIGTERM)
                    self._end(fork)

    def _check_session(self) -> None:
        if self._session.shouldfail:
            raise self._session.Failed(self._session.shouldfail)
        if self._session.shouldstop:
            raise self._session.Interrupted(self._session.shouldstop)

    def _take(self, fork: _Fork) -> int | None:
        """Take the next test for a process: of its own, of a share that nobody has, or of another process."""
        if not fork.left and self._shares:
            fork.left.extend(self._shares.popleft())
        if not fork.left and not self._grouped:
            richest = max(self._forks, key=lambda one: len(one.left))
            stolen = [richest.left.pop() for _ in range((len(richest.left) + 1) // 2)]
            fork.left.extend(reversed(stolen))
        return fork.left.popleft() if fork.left else None

    def _begin(self, fork: _Fork) -> None:
        fork.connection, theirs = Pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # libraries have threads that do nothing
            fork.pid = os.fork()
        if not fork.pid:
            for one in self._forks:
                if one.connection:
                    one.connection.close()
            self._work(fork.number, theirs)
        theirs.close()
        self._advance(fork)

    def _advance(self, fork: _Fork) -> None:
        """Tell a process its next test, or that there is none."""
        fork.running, fork.following = fork.following, self._take(fork)
        assert fork.connection
        with suppress(OSError):  # it has crashed: the connection says so, too
            fork.connection.send(None if fork.running is None else (fork.running, fork.following))
        if fork.running is None:
            self._end(fork)

    def _end(self, fork: _Fork) -> int:
        assert fork.connection
        fork.connection.close()
        fork.connection = None
        return os.waitstatus_to_exitcode(os.waitpid(fork.pid, 0)[1])

    def _receive(self, fork: _Fork) -> None:
        assert fork.connection and fork.running is not None
        item = self._session.items[fork.running]
        try:
            said = fork.connection.recv()
        except (EOFError, OSError):
            self._report(_crash(item, self._end(fork)))
            self._hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
            if fork.following is not None:
                self._begin(fork)
            return
        if said == _DONE:
            self._hook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
            self._advance(fork)
        else:
            self._report(self._hook.pytest_report_from_serializable(config=self._session.config, data=said))

    def _report(self, report: pytest.TestReport) -> None:
        self._hook.pytest_runtest_logreport(report=report)

    # -- in a forked process -------------------------------------------------------------------------------

    def _work(self, number: int, connection: "Connection[Any, Any]") -> NoReturn:
        status = 1
        try:
            self._settle(number, connection)
            for here, after in iter(connection.recv, None):
                following = None if after is None else self._session.items[after]
                self._hook.pytest_runtest_protocol(item=self._session.items[here], nextitem=following)
                connection.send(_DONE)
            status = 0
        except BaseException:  # noqa: BLE001 - the end of the process
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(status)

    def _settle(self, number: int, connection: "Connection[Any, Any]") -> None:
        """Take files of its own for output and folders, and send reports instead of printing them."""
        config = self._session.config
        plugins = config.pluginmanager
        if capture := plugins.get_plugin("capturemanager"):
            capture.stop_global_capturing()
            capture.start_global_capturing()
            capture.suspend_global_capture()
        for plugin in plugins.get_plugins():
            if type(plugin).__name__ == "LogXML":
                plugins.unregister(plugin)
        if reporter := plugins.get_plugin("terminalreporter"):
            reporter._tw._file = TextIOWrapper(open(os.devnull, "wb"))  # noqa: SIM115 - until the process ends
        if self._temporary:
            folder = self._temporary / f"f{os.getpid()}"  # short: sockets have short paths
            folder.mkdir(mode=0o700)
            config._tmp_path_factory._basetemp = folder  # type: ignore[attr-defined] # as pytest sets it
        plugins.register(_Sender(config, connection))


class _Sender:
    """A plugin that sends reports to the first process."""

    def __init__(self, config: pytest.Config, connection: "Connection[Any, Any]") -> None:
        self._config = config
        self._connection = connection

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Send the report of a test to the first process."""
        data = self._config.hook.pytest_report_to_serializable(config=self._config, report=report)
        self._connection.send(data)


def _group(item: pytest.Item) -> str | None:
    mark = item.get_closest_marker("serial")
    return str(next(iter(mark.args), "serial")) if mark else None


def _crash(item: pytest.Item, status: int) -> pytest.TestReport:
    """Return the report of a test whose process ended."""
    reason = f"the process ended with status {status} while this test ran"
    return pytest.TestReport(item.nodeid, item.location, {}, "failed", reason, "call")
