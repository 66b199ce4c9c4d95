import os

from app.insertion.helper.frames import REPLIES, OpenedReply, ReplyChannel


def test_reply_is_sent_at_once() -> None:
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as heard, os.fdopen(writing, "wb") as told:
        ReplyChannel(told).send(OpenedReply())
        assert REPLIES.read(heard) == OpenedReply()
