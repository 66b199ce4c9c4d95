"""HTTP downloads that can be resumed, with a deadline on every wait.

A partial file is continued only at its original address, and only while the server says that the file is
unchanged; otherwise the download restarts. (RFC 9110: Range with If-Range and a strong ETag or a Last-Modified
date.) Other modules verify the contents by SHA-256; here only the size is checked.
"""

import email.utils
import ipaddress
import json
import random
import re
import socket
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.message import Message
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from speech.models.errors import FileRefused, SourceAway, SourceFailed
from speech.models.progress import Advance
from speech.models.stop import NEVER, Stop

_READ_BYTES: Final = 256 * 1024
_PARTIAL_CONTENT: Final = 206
_RANGE_NOT_SATISFIABLE: Final = 416
Redirects = type[urllib.request.HTTPRedirectHandler]
_WORTH_RETRYING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})


@dataclass(frozen=True)
class RetryLimits:
    """Limits for giving up. ``attempts`` counts only successive attempts without progress."""

    stall_s: float = 30.0
    least_bytes_per_stall: int = 16 * 1024
    attempts: int = 5
    pause_s: float = 1.0
    longest_pause_s: float = 30.0


class _Interrupted(Exception):
    """Attempt that ended early and is worth repeating."""

    def __init__(self, reason: str, retry_after_s: float = 0.0) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


class _RangeRefused(_Interrupted):
    """Server without bytes at the resume position: the file there has changed."""


class _Pace:
    """Detector of stalled transfers: fewer than ``least`` bytes in ``window_s``."""

    def __init__(self, window_s: float, least: int, now: float) -> None:
        self._window = window_s
        self._least = least
        self._end = now + window_s
        self._bytes = 0

    def is_stalled(self, received: int, now: float) -> bool:
        self._bytes += received
        if now < self._end:
            return False
        slow = self._bytes < self._least
        self._end, self._bytes = now + self._window, 0
        return slow


def probe(url: str, deadline_s: float) -> None:
    """Read the first byte of ``url``, following redirects as the download does. Raises ``SourceFailed``."""
    try:
        with _open_response(url, {"Range": "bytes=0-0"}, deadline_s) as response:
            if not _read_arrived(response, 1, deadline_s):
                raise SourceFailed("it sent an empty file")
    except _Interrupted as error:
        raise SourceAway(str(error)) from error


def read_trusted(url: str, most: int, limits: RetryLimits | None = None) -> bytes:
    """Return the body at ``url``, at most ``most`` bytes. Raises ``SourceFailed``.

    No hash can check the body, so ``url`` and all redirects must be of HTTPS or of this computer. An attempt takes
    at most ``stall_s``.
    """
    limits, attempt = limits or RetryLimits(), 0
    _require_trusted(url)
    while True:
        try:
            return _read_attempt(url, most, limits.stall_s)
        except _Interrupted as error:
            attempt += 1
            if attempt >= limits.attempts:
                raise SourceAway(f"{error} ({attempt} attempts)") from error
            time.sleep(_pause(attempt, limits, error.retry_after_s, random.random()))


def _read_attempt(url: str, most: int, deadline_s: float) -> bytes:
    end, body = time.monotonic() + deadline_s, bytearray()
    with _open_response(url, {}, deadline_s, _TrustedRedirects) as response:
        expected = _total_bytes(response)
        while block := _read_arrived(response, _READ_BYTES, deadline_s):
            body += block
            if len(body) > most:
                raise FileRefused(f"it is longer there than {most} bytes")
            if time.monotonic() > end:
                raise _Interrupted(f"not all of it came within {deadline_s:g} s")
    if expected is not None and len(body) < expected:
        raise _Interrupted(f"the connection ended after {len(body)} of {expected} bytes")
    return bytes(body)


def _require_trusted(url: str) -> None:
    """Raise ``FileRefused`` for an address whose contents could be changed on the way."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not _is_this_computer(parts.hostname or ""):
        raise FileRefused(f"what no hash can check is not read over {parts.scheme or 'this address'}: use https")


def _is_this_computer(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _TrustedRedirects(urllib.request.HTTPRedirectHandler):
    """Redirect handler that follows redirects only to trusted addresses."""

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        try:
            _require_trusted(newurl)
        except FileRefused:
            fp.close()
            raise
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def download(
    url: str, part: Path, size: int, advance: Advance, limits: RetryLimits | None = None, stop: Stop = NEVER
) -> None:
    """Download the ``size`` bytes at ``url`` to ``part``, resuming from its contents.

    Raises ``SourceFailed`` or ``Stopped``; received bytes stay in ``part``.
    """
    limits = limits or RetryLimits()
    part.parent.mkdir(parents=True, exist_ok=True)
    furthest, fruitless = _held_bytes(part), 0
    while True:
        try:
            return _attempt(url, part, size, advance, limits, stop)
        except _Interrupted as error:
            stop.check()  # the stop may have broken the connection
            held = _held_bytes(part)
            fruitless = 0 if held > furthest else fruitless + 1
            furthest = max(furthest, held)
            if fruitless >= limits.attempts:
                raise SourceAway(f"{error} ({fruitless} attempts, {furthest} of {size} bytes)") from error
            stop.sleep(_pause(fruitless, limits, error.retry_after_s, random.random()))


def _pause(fruitless: int, limits: RetryLimits, retry_after_s: float, chance: float) -> float:
    """Return the seconds until the next attempt: the server's request, else exponential with full jitter."""
    backoff = limits.pause_s * 2.0**fruitless * chance
    return min(max(backoff, retry_after_s), limits.longest_pause_s)


def _attempt(url: str, part: Path, size: int, advance: Advance, limits: RetryLimits, stop: Stop) -> None:
    held, validator = _resumable(url, part)
    if held == size and validator:
        return
    headers = {"Range": f"bytes={held}-", "If-Range": validator} if 0 < held < size else {}
    try:
        with _open_response(url, headers, limits.stall_s, stop=stop) as response, _breakable(response, stop):
            total = _total_bytes(response)
            if total is not None and total != size:
                raise FileRefused(f"it has {total} bytes there, {size} are listed")
            held = _start(response, url, part, held, validator)
            _append(response, part, held, size, advance, limits)
    except (_RangeRefused, FileRefused):
        _forget(part)
        raise


def _start(response: HTTPResponse, url: str, part: Path, held: int, validator: str) -> int:
    """Prepare ``part`` for the body of ``response``; return the body's position in the file."""
    found = _validator(response.headers)
    if response.status == _PARTIAL_CONTENT and held:
        if found in ("", validator) and _range_start(response) == held:
            return held
        _forget(part)
        raise _Interrupted("the file there has changed")
    _forget(part)
    _origin(part).write_text(json.dumps({"url": url, "validator": found}), "utf-8")
    return 0


def _append(
    response: HTTPResponse, part: Path, held: int, size: int, advance: Advance, limits: RetryLimits
) -> None:
    pace = _Pace(limits.stall_s, limits.least_bytes_per_stall, time.monotonic())
    with part.open("ab") as out:
        while block := _read_arrived(response, _READ_BYTES, limits.stall_s):
            out.write(block)
            out.flush()  # received bytes survive if the process is killed while it waits
            held += len(block)
            if held > size:
                raise FileRefused(f"it is longer there than the {size} bytes that are listed")
            advance(held)
            if held < size and pace.is_stalled(len(block), time.monotonic()):
                raise _Interrupted(f"fewer than {limits.least_bytes_per_stall} bytes in {limits.stall_s:g} s")
    if held < size:
        raise _Interrupted(f"the connection ended after {held} of {size} bytes")


def _resumable(url: str, part: Path) -> tuple[int, str]:
    """Return how many bytes of ``url`` are present, and the validator to resume with; (0, "") to restart."""
    try:
        origin = json.loads(_origin(part).read_text("utf-8"))
        if origin["url"] == url and origin["validator"]:
            return _held_bytes(part), origin["validator"]
    except (OSError, ValueError, KeyError, TypeError):
        return 0, ""
    return 0, ""


def _origin(part: Path) -> Path:
    return part.with_name(part.name + ".origin")


def _held_bytes(part: Path) -> int:
    return part.stat().st_size if part.is_file() else 0


def _forget(part: Path) -> None:
    part.unlink(missing_ok=True)
    _origin(part).unlink(missing_ok=True)


def _validator(headers: Message) -> str:
    """Return the If-Range value: a strong ETag, else the date of the last change, else empty."""
    tag = headers.get("ETag", "")
    return str(tag if tag.startswith('"') else headers.get("Last-Modified", ""))


def _range_start(response: HTTPResponse) -> int | None:
    found = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    return int(found[1]) if found else None


def _total_bytes(response: HTTPResponse) -> int | None:
    """Return the size of the whole file, according to the server."""
    if response.status == _PARTIAL_CONTENT:
        found = re.search(r"/(\d+)$", response.headers.get("Content-Range", ""))
    else:
        found = re.match(r"(\d+)$", response.headers.get("Content-Length", ""))
    return int(found[1]) if found else None


def _opener(redirects: Redirects) -> urllib.request.OpenerDirector:
    """Return an opener for HTTP, HTTPS and proxies. Unlike ``urlopen``, it never opens ``file:`` or ``ftp:``."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler,
        urllib.request.UnknownHandler,
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPDefaultErrorHandler,
        redirects,
        urllib.request.HTTPErrorProcessor,
    ):
        opener.add_handler(handler())
    return opener


@contextmanager
def _open_response(
    url: str,
    headers: Mapping[str, str],
    timeout_s: float,
    redirects: Redirects = urllib.request.HTTPRedirectHandler,
    stop: Stop = NEVER,
) -> Iterator[HTTPResponse]:
    """Open the response to a GET. Raises ``FileRefused``, ``_Interrupted`` or ``Stopped``."""
    headers = {"User-Agent": "kikipounamu", "Accept-Encoding": "identity", **headers}
    try:
        request = urllib.request.Request(url, headers=headers)
        opener = _opener(redirects)
        response: HTTPResponse = stop.unless(lambda: opener.open(request, timeout=timeout_s), HTTPResponse.close)
    except HTTPError as error:
        with error:
            raise _status_error(error) from error
    except ValueError as error:
        raise FileRefused(f"not an address: {url}") from error
    except (OSError, HTTPException) as error:
        raise _Interrupted(_reason(error, timeout_s)) from error
    with response:
        yield response


@contextmanager
def _breakable(response: HTTPResponse, stop: Stop) -> Iterator[None]:
    """Shut the connection down when a stop is requested, which ends a blocking read."""
    if stop is NEVER:
        yield
        return
    with socket.fromfd(response.fileno(), socket.AF_INET, socket.SOCK_STREAM) as twin:

        def shut() -> None:
            with suppress(OSError):  # already closed
                twin.shutdown(socket.SHUT_RDWR)

        with stop.waking(shut):
            yield


def _read_arrived(response: HTTPResponse, most: int, timeout_s: float) -> bytes:
    """Return the bytes that have arrived, at most ``most``; empty at the end. Raises ``_Interrupted``."""
    try:
        return response.read1(most)
    except (OSError, HTTPException) as error:
        raise _Interrupted(_reason(error, timeout_s)) from error


def _status_error(error: HTTPError) -> Exception:
    text = f"the server answered {error.code} {error.reason}"
    if error.code == _RANGE_NOT_SATISFIABLE:
        return _RangeRefused(text)
    if error.code in _WORTH_RETRYING:
        return _Interrupted(text, _retry_after_s(error.headers.get("Retry-After", ""), time.time()))
    return FileRefused(text)


def _retry_after_s(value: str, now: float) -> float:
    """Return the seconds of a Retry-After header (a number or a date); 0 if it is neither."""
    if value.isdecimal():
        return float(value)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(value).timestamp() - now)
    except ValueError:
        return 0.0


def _reason(error: BaseException, timeout_s: float) -> str:
    cause = error.reason if isinstance(error, URLError) else error
    if isinstance(cause, TimeoutError):
        return f"nothing came for {timeout_s:g} s"
    return f"no connection: {cause}" if isinstance(error, URLError) else f"the connection broke: {cause!r}"
