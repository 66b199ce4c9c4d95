"""Downloads from a real server: resuming, changes, cuts, refusals, deadlines."""

from collections import deque
from collections.abc import Callable
from http.client import HTTPMessage
from pathlib import Path
from typing import Any

import pytest

from speech.models import download as module
from speech.models.download import RetryLimits, download, probe, read_trusted
from speech.models.errors import FileRefused, SourceFailed, Stopped
from speech.models.stop import Stop
from tests.helpers.ports import free_port
from tests.speech.models.example import CONTENTS, HALF, QUICK, WEIGHTS
from tests.speech.models.server import Asked, FileServer, Served
from tests.speech.models.stopping import stopped_when

DATA = CONTENTS[WEIGHTS]
SIZE = len(DATA)
PATIENT = RetryLimits(stall_s=1e6, attempts=2, pause_s=0, longest_pause_s=1e6)


def fetch(
    server: FileServer, part: Path, path: str = "/w", limits: RetryLimits = QUICK, size: int = SIZE
) -> list[int]:
    """Download a file; return the reported progress."""
    progress: list[int] = []
    download(server.url + path, part, size, progress.append, limits)
    return progress


@pytest.fixture
def part(tmp_path: Path) -> Path:
    return tmp_path / "parts" / "w"


def test_download_is_complete_and_reports_progress(server: FileServer, part: Path) -> None:
    server.files["/w"] = Served(DATA)
    progress = fetch(server, part)
    assert part.read_bytes() == DATA
    assert progress == sorted(progress)
    assert progress[-1] == SIZE
    assert server.asked == [Asked("/w", "", "")]


def test_download_resumes_after_a_cut(server: FileServer, part: Path) -> None:
    server.files["/w"] = Served(DATA, cuts=deque([HALF, HALF + 1000]))
    fetch(server, part)
    assert part.read_bytes() == DATA
    assert server.asked[1:] == [
        Asked("/w", f"bytes={HALF}-", '"one"'),
        Asked("/w", f"bytes={HALF + 1000}-", '"one"'),
    ]


def test_download_resumes_in_a_later_call(server: FileServer, part: Path) -> None:
    server.files["/w"] = Served(DATA, cuts=deque([HALF, HALF, HALF]))
    with pytest.raises(SourceFailed, match=f"{HALF} of {SIZE} bytes"):
        fetch(server, part)
    progress = fetch(server, part)
    assert part.read_bytes() == DATA
    assert progress[0] > HALF


def test_download_restarts_when_the_etag_changed(server: FileServer, part: Path) -> None:
    server.files["/w"] = Served(bytes(SIZE), tag='"old"', cuts=deque([HALF, HALF, HALF]))
    with pytest.raises(SourceFailed):
        fetch(server, part)
    server.files["/w"] = Served(DATA, tag='"new"')
    fetch(server, part)
    assert part.read_bytes() == DATA


def test_download_restarts_when_server_ignores_if_range(server: FileServer, part: Path) -> None:
    server.files["/w"] = Served(bytes(SIZE), tag='"old"', cuts=deque([HALF, HALF, HALF]))
    with pytest.raises(SourceFailed):
        fetch(server, part)
    server.files["/w"] = Served(DATA, tag='"new"', honours_if_range=False)
    fetch(server, part)
    assert part.read_bytes() == DATA


@pytest.mark.parametrize("tag", ["", 'W/"weak"'])
def test_download_without_strong_validator_restarts(server: FileServer, part: Path, tag: str) -> None:
    server.files["/w"] = Served(DATA, tag=tag, cuts=deque([HALF]))
    fetch(server, part)
    assert part.read_bytes() == DATA
    assert [asked.range for asked in server.asked] == ["", ""]


def test_download_resumes_with_last_modified_date(server: FileServer, part: Path) -> None:
    date = "Tue, 03 Nov 2026 10:00:00 GMT"
    server.files["/w"] = Served(DATA, tag="", changed=date, honours_if_range=False, cuts=deque([HALF]))
    fetch(server, part)
    assert server.asked[1] == Asked("/w", f"bytes={HALF}-", date)
    assert part.read_bytes() == DATA


def test_part_of_another_address_is_not_resumed(server: FileServer, part: Path) -> None:
    server.files["/other"] = Served(bytes(SIZE), cuts=deque([HALF, HALF, HALF]))
    server.files["/w"] = Served(DATA)
    with pytest.raises(SourceFailed):
        fetch(server, part, "/other")
    fetch(server, part)
    assert part.read_bytes() == DATA
    assert server.downloads("/w") == [Asked("/w", "", "")]


def test_complete_part_is_not_fetched_again(server: FileServer, part: Path) -> None:
    server.files["/w"] = Served(DATA)
    fetch(server, part)
    fetch(server, part)
    assert len(server.asked) == 1


def test_download_restarts_when_the_part_is_too_long(server: FileServer, part: Path) -> None:
    server.files["/w"] = Served(DATA)
    fetch(server, part)
    with part.open("ab") as file:
        file.write(b"stray")
    fetch(server, part)
    assert part.read_bytes() == DATA


def test_download_restarts_when_the_origin_file_is_damaged(server: FileServer, part: Path) -> None:
    server.files["/w"] = Served(DATA, cuts=deque([HALF, HALF, HALF]))
    with pytest.raises(SourceFailed):
        fetch(server, part)
    part.with_name("w.origin").write_text("[1")
    fetch(server, part)
    assert part.read_bytes() == DATA


def test_missing_file_is_refused_without_retry(server: FileServer, part: Path) -> None:
    with pytest.raises(FileRefused, match="404"):
        fetch(server, part)
    assert len(server.asked) == 1


def test_download_retries_a_busy_server(server: FileServer, part: Path) -> None:
    server.files["/w"] = Served(DATA, statuses=deque([503, 429]), headers={"Retry-After": "0"})
    fetch(server, part, limits=RetryLimits(stall_s=10, attempts=3, pause_s=0))
    assert part.read_bytes() == DATA
    assert len(server.asked) == 3


def test_attempts_without_progress_are_limited(server: FileServer, part: Path) -> None:
    server.files["/w"] = Served(DATA, statuses=deque([503] * 10))
    with pytest.raises(SourceFailed, match="503"):
        fetch(server, part)
    assert len(server.asked) == QUICK.attempts


def test_attempts_with_progress_are_not_counted(server: FileServer, part: Path) -> None:
    step = SIZE // 10
    server.files["/w"] = Served(DATA, cuts=deque(range(step, SIZE, step)))
    fetch(server, part)
    assert part.read_bytes() == DATA
    assert len(server.asked) > 2 * QUICK.attempts


def test_download_restarts_when_the_range_is_refused(server: FileServer, part: Path) -> None:
    server.files["/w"] = Served(DATA, cuts=deque([HALF]), statuses=deque())
    served = server.files["/w"]
    with pytest.raises(SourceFailed):
        fetch(server, part, limits=RetryLimits(stall_s=10, attempts=0, pause_s=0))
    served.statuses.append(416)
    fetch(server, part)
    assert part.read_bytes() == DATA
    assert [asked.range for asked in server.asked] == ["", f"bytes={HALF}-", ""]


@pytest.mark.parametrize("tells_size", [True, False])
def test_file_of_another_size_is_refused(server: FileServer, part: Path, tells_size: bool) -> None:
    server.files["/w"] = Served(DATA, tells_size=tells_size)
    with pytest.raises(FileRefused, match="listed"):
        fetch(server, part, size=SIZE - 1)
    assert not part.exists()


def test_redirects_keep_the_range_request(server: FileServer, part: Path) -> None:
    server.files["/w"] = Served(b"", redirect="/cdn")
    server.files["/cdn"] = Served(DATA, cuts=deque([HALF]))
    fetch(server, part)
    assert part.read_bytes() == DATA
    assert server.asked[-1] == Asked("/cdn", f"bytes={HALF}-", '"one"')


def test_stalled_download_is_given_up(server: FileServer, part: Path) -> None:
    server.files["/w"] = Served(DATA, hold_at=HALF)
    with pytest.raises(SourceFailed, match="nothing came for 1 s"):
        fetch(server, part, limits=RetryLimits(stall_s=1, attempts=1, pause_s=0))
    assert part.read_bytes() == DATA[:HALF]


def test_download_fails_when_no_server_listens(part: Path) -> None:
    with pytest.raises(SourceFailed, match="no connection"):
        download(f"http://127.0.0.1:{free_port()}/w", part, SIZE, lambda done: None, QUICK)


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "nonsense", "http://127.0.0.1:port/"])
def test_only_http_addresses_are_opened(url: str, part: Path) -> None:
    with pytest.raises(SourceFailed):
        download(url, part, SIZE, lambda done: None, QUICK)
    with pytest.raises(SourceFailed):
        probe(url, 1)


def test_probe_reads_only_one_byte(server: FileServer) -> None:
    server.files["/w"] = Served(b"", redirect="/cdn")
    server.files["/cdn"] = Served(DATA)
    probe(f"{server.url}/w", 10)
    assert all(asked.is_probe for asked in server.asked)
    assert [asked.path for asked in server.asked] == ["/w", "/cdn"]


def test_probe_of_silent_or_missing_file_fails(server: FileServer) -> None:
    server.files["/w"] = Served(DATA, silent=True)
    with pytest.raises(SourceFailed, match="nothing came for 0.2 s"):
        probe(f"{server.url}/w", 0.2)
    with pytest.raises(SourceFailed, match="404"):
        probe(f"{server.url}/none", 10)
    server.files["/empty"] = Served(b"")
    with pytest.raises(SourceFailed, match="empty"):
        probe(f"{server.url}/empty", 10)


def test_pause_grows_with_jitter_and_respects_server_and_limit() -> None:
    limits = RetryLimits(pause_s=1, longest_pause_s=30)
    assert [module._pause(n, limits, 0, 1.0) for n in (0, 1, 2, 10)] == [1, 2, 4, 30]
    assert module._pause(3, limits, 0, 0.25) == 2
    assert module._pause(0, limits, 7, 0.5) == 7
    assert module._pause(0, limits, 3600, 0.5) == 30


def test_retry_after_accepts_a_number_or_a_date() -> None:
    assert module._retry_after_s("12", now=0) == 12
    assert module._retry_after_s("Thu, 01 Jan 1970 00:01:00 GMT", now=20) == 40
    assert module._retry_after_s("Thu, 01 Jan 1970 00:01:00 GMT", now=100) == 0
    assert module._retry_after_s("soon", now=0) == 0
    assert module._retry_after_s("\u00b2", now=0) == 0
    assert module._retry_after_s("", now=0) == 0


def test_dripping_transfer_counts_as_stalled_and_slow_one_does_not() -> None:
    pace = module._Pace(window_s=30, least=1000, now=0)
    assert not pace.is_stalled(1, now=29)
    assert pace.is_stalled(1, now=31)
    pace = module._Pace(window_s=30, least=1000, now=0)
    assert not any(pace.is_stalled(400, now=at) for at in range(0, 300, 10))


def test_validator_is_a_strong_etag_or_a_date() -> None:
    def validator(**values: Any) -> str:
        headers = HTTPMessage()
        for name, value in values.items():
            headers[name.replace("_", "-")] = value
        return module._validator(headers)

    assert validator(ETag='"a"', Last_Modified="then") == '"a"'
    assert validator(ETag='W/"a"', Last_Modified="then") == "then"
    assert validator() == ""


def test_read_trusted_retries_interrupted_answers(server: FileServer) -> None:
    server.files["/list"] = Served(DATA, cuts=deque([HALF]), statuses=deque([503]))
    limits = RetryLimits(stall_s=10, attempts=3, pause_s=0)
    assert read_trusted(f"{server.url}/list", SIZE, limits) == DATA
    assert len(server.asked) == 3


@pytest.mark.parametrize(
    ("served", "reason"),
    [
        (Served(DATA, tells_size=False), "longer there than 399999 bytes"),
        (Served(b"x" * 100, cuts=deque([50] * 2)), "ended after 50 of 100"),
        (Served(b"x" * 100, drip_s=0.2), "not all of it came within 0.5 s"),
        (Served(b"x", statuses=deque([403])), "403"),
    ],
)
def test_read_trusted_gives_up_on_bad_answers(server: FileServer, served: Served, reason: str) -> None:
    server.files["/list"] = served
    with pytest.raises(SourceFailed, match=reason):
        read_trusted(f"{server.url}/list", SIZE - 1, RetryLimits(stall_s=0.5, attempts=2, pause_s=0))


def test_read_trusted_requires_https_or_this_computer(server: FileServer) -> None:
    server.files["/list"] = Served(b"[]")
    server.files["/here"] = Served(b"", redirect=f"{server.url}/list")
    server.files["/away"] = Served(b"", redirect="http://hub.invalid/list")
    assert read_trusted(f"{server.url}/here", 10, QUICK) == b"[]"
    for url in (
        f"{server.url}/away",
        "http://hub.invalid/list",
        "http://192.0.2.1/list",
        "ftp://hub.invalid/list",
    ):
        with pytest.raises(FileRefused, match="use https"):
            read_trusted(url, 10, QUICK)
    with pytest.raises(FileRefused, match="use https"):
        read_trusted("nonsense", 10, QUICK)
    with pytest.raises(SourceFailed, match="no connection"):
        read_trusted("https://127.0.0.1:9/list", 10, QUICK)


# -- stopped -----------------------------------------------------------------------------------------------


def stopped(server: FileServer, part: Path, so: Callable[[], object]) -> None:
    """Download without a deadline until ``so`` is true and the stop is requested."""
    stop = Stop()
    with stopped_when(stop, so), pytest.raises(Stopped):
        download(f"{server.url}/w", part, SIZE, lambda done: None, PATIENT, stop)


def test_stopped_download_resumes_where_it_stopped(server: FileServer, part: Path) -> None:
    server.files["/w"] = Served(DATA, hold_at=HALF)
    stopped(server, part, lambda: part.is_file() and part.stat().st_size == HALF)
    server.files["/w"] = Served(DATA)
    assert fetch(server, part)[0] > HALF
    assert part.read_bytes() == DATA
    assert server.asked[-1] == Asked("/w", f"bytes={HALF}-", '"one"')


def test_stop_ends_the_wait_for_an_answer(server: FileServer, part: Path) -> None:
    server.files["/w"] = Served(DATA, silent=True)
    stopped(server, part, lambda: server.asked)


def test_stop_ends_the_pause_before_a_retry(server: FileServer, part: Path) -> None:
    server.files["/w"] = Served(DATA, statuses=deque([503]), headers={"Retry-After": "1000000"})
    stopped(server, part, lambda: server.asked)
