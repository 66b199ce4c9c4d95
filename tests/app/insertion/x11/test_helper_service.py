"""The service runs in a thread of the test and gets requests through pipes, as from the app."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from app.insertion.helper.frames import (
    REPLIES,
    REQUESTS,
    CloseRequest,
    FailedReply,
    FindRequest,
    FoundReply,
    InsertedReply,
    InsertRequest,
    OpenedReply,
    OpenRequest,
    Reply,
    ReplyChannel,
    Request,
)
from app.insertion.outcome import HoldReason, Target, held
from app.insertion.plan import Rules, Strategy
from app.insertion.x11.clipboard import kept_contents
from app.insertion.x11.helper_service import X11Service
from tests.app.insertion.conftest import CountedGrabs
from tests.helpers.desktop import PATIENT_S, Desktop, TextField

NO_WINDOW = 2**40


class Asked:
    """The app's side of the pipes."""

    def __init__(self, requests: BinaryIO, replies: BinaryIO) -> None:
        self._requests, self._replies = requests, replies

    def send(self, request: Request) -> None:
        self._requests.write(REQUESTS.pack(request))
        self._requests.flush()

    def answer(self) -> Reply | None:
        return REPLIES.read(self._replies)


@contextmanager
def service(display: str, app: int) -> Iterator[Asked]:
    (requests, ask), (answers, replies) = os.pipe(), os.pipe()
    with (
        os.fdopen(requests, "rb") as taken,
        os.fdopen(ask, "wb") as asking,
        os.fdopen(answers, "rb") as heard,
        os.fdopen(replies, "wb") as told,
    ):
        made = X11Service(
            OpenRequest(display, PATIENT_S, app), ReplyChannel(told), CountedGrabs(), kept_contents(None)
        )
        thread = threading.Thread(target=made.run, args=(taken,))
        thread.start()
        asked = Asked(asking, heard)
        assert asked.answer() == OpenedReply()
        try:
            yield asked
        finally:
            asked.send(CloseRequest())
            thread.join()


def test_service_recognises_windows_of_the_app(screen: Desktop) -> None:
    window = TextField(screen, "of the app").focus()
    process = screen.processes[-1].pid
    for app, own in ((process, True), (os.getpid(), False)):
        with service(screen.display, app) as asked:
            asked.send(FindRequest(7))
            found = asked.answer()
            assert isinstance(found, FoundReply) and found.number == 7 and found.target is not None
            assert (found.target.window, found.target.own) == (int(window), own)


def test_service_continues_after_a_failed_request(screen: Desktop) -> None:
    with service(screen.display, os.getpid()) as asked:
        asked.send(InsertRequest(1, "text", Target(NO_WINDOW), Rules(Strategy.TYPE)))
        asked.send(InsertRequest(2, "text", Target(12345), Rules()))
        asked.send(InsertRequest(3, "text", Target(12345), Rules()))
        answers = [asked.answer() for _ in range(3)]
    assert answers[1:] == [InsertedReply(number, held(HoldReason.FOCUS_MOVED)) for number in (2, 3)]
    assert isinstance(answers[0], FailedReply) and answers[0].number == 1
