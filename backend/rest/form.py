"""Read the form that submits a file: fields become values, and the file goes to the disk piece by piece."""

import asyncio
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from aiohttp import BodyPartReader, MultipartReader, hdrs, web
from aiohttp.http_exceptions import HttpProcessingError

from backend.core.errors import RequestRefused
from backend.rest.file_settings import FileSettings
from backend.rest.query import from_texts, only_printable
from backend.rest.uploads import IncomingFile, Uploads
from protocol.errors import ErrorCode, MalformedMessage, MessageTooLarge
from protocol.rest import SubmittedFields

Pieces = AsyncIterator[bytes]

FILE: Final = "file"
_PLAIN: Final = "identity"
_LIST: Final = "[]"
_READ_BYTES: Final = 64 * 1024
_FIELD_BYTES: Final = 32 * 1024
_MOST_FIELDS: Final = 32
_NUMBER: Final = re.compile("-?[0-9]{1,9}")
_WRITE_BYTES: Final = 1024 * 1024
_PIECE_S: Final = 60.0
_FLAGS: Final = {"true": True, "false": False}
_BROKEN: Final = (
    ValueError,
    AssertionError,
    LookupError,
    RuntimeError,
    HttpProcessingError,
    web.RequestPayloadError,
)
"""Errors that aiohttp raises for a malformed form."""


@dataclass
class Form:
    """The received part of a form. Values of a field whose name ends with ``[]`` are joined with commas.

    ``filename``: the client's name for the file. ``began_s``: start of the upload. ``size``: bytes received so
    far. ``take``: takes room for bytes, at first those that the client ``announced``; raises ``OverQuota``.
    """

    values: dict[str, str] = field(default_factory=dict)
    part: IncomingFile | None = None
    filename: str = ""
    began_s: float = field(default_factory=time.monotonic)
    size: int = 0
    take: Callable[[int], None] = lambda more: None
    announced: int = 0

    def fields(self) -> SubmittedFields:
        """Return the fields as values. Raises ``MalformedMessage``."""
        values = {name: _value(name, only_printable(name, text)) for name, text in self.values.items()}
        return from_texts(values, SubmittedFields, strict=True)

    def drop(self) -> None:
        """Delete the file unless it has been kept."""
        if self.part is not None:
            self.part.drop()


async def read_form(request: web.Request, uploads: Uploads, settings: FileSettings, form: Form) -> None:
    """Read a request into ``form``, which the caller drops. Raises ``ProtocolError`` or ``RequestRefused``."""
    if request.content_type != "multipart/form-data":
        raise RequestRefused(415, ErrorCode.UNSUPPORTED, "a file is submitted as multipart/form-data")
    if request.headers.get(hdrs.CONTENT_ENCODING, _PLAIN).lower() != _PLAIN:
        raise RequestRefused(415, ErrorCode.UNSUPPORTED, "a form is sent as it is: without Content-Encoding")
    if (request.content_length or 0) > settings.most_bytes + _FIELD_BYTES * _MOST_FIELDS:
        raise _too_large(settings.most_bytes)
    await _take_announced(request, uploads, form)
    try:
        await _read_parts(await request.multipart(), form, uploads, settings)
    except TimeoutError as error:
        raise MalformedMessage(f"nothing more came within {_PIECE_S:g} s") from error
    except _BROKEN as error:
        raise MalformedMessage("this is not a form, or it breaks off") from error
    if form.part is None:
        raise MalformedMessage(f"the form has no field {FILE}")


async def read_raw(request: web.Request, uploads: Uploads, settings: FileSettings, form: Form) -> None:
    """Read a body that is nothing but the file into ``form``. Raises like ``read_form``."""
    if request.headers.get(hdrs.CONTENT_ENCODING, _PLAIN).lower() != _PLAIN:
        raise RequestRefused(415, ErrorCode.UNSUPPORTED, "a file is sent as it is: without Content-Encoding")
    if (request.content_length or 0) > settings.most_bytes:
        raise _too_large(settings.most_bytes)
    await _take_announced(request, uploads, form)
    form.part = await asyncio.to_thread(uploads.part)
    try:
        pieces = _pieces(request.content.readany, form, settings)
        await _save(pieces, form.part, settings.most_bytes)
    except TimeoutError as error:
        raise MalformedMessage(f"nothing more came within {_PIECE_S:g} s") from error
    except web.RequestPayloadError as error:
        raise MalformedMessage("the body breaks off") from error
    if not form.size:
        raise MalformedMessage("the body is empty: it is the file")


async def _take_announced(request: web.Request, uploads: Uploads, form: Form) -> None:
    form.announced = request.content_length or 0
    form.take(form.announced)
    await asyncio.to_thread(uploads.check_room, form.announced)


async def _read_parts(reader: MultipartReader, form: Form, uploads: Uploads, settings: FileSettings) -> None:
    for _ in range(_MOST_FIELDS):
        async with asyncio.timeout(_PIECE_S):
            part = await reader.next()
        if part is None:
            return
        if not isinstance(part, BodyPartReader) or part.name is None:
            raise MalformedMessage("every part of the form needs a name")
        pieces = _pieces(partial(part.read_chunk, _READ_BYTES), form, settings)
        if part.name == FILE:
            if form.part is not None:
                raise MalformedMessage("one file at a time is submitted")
            form.filename = part.filename or ""
            form.part = await asyncio.to_thread(uploads.part)
            await _save(pieces, form.part, settings.most_bytes)
        else:
            value = await _text(part.name, pieces, is_file=bool(part.filename))
            if part.name not in form.values:
                form.values[part.name] = value
            elif part.name.endswith(_LIST):
                form.values[part.name] += f",{value}"
            else:
                raise MalformedMessage(f"the field {part.name} is there twice")
    raise MessageTooLarge(f"a form may have {_MOST_FIELDS} fields")


async def _save(pieces: Pieces, file: IncomingFile, most_bytes: int) -> None:
    waiting, size = bytearray(), 0
    async for piece in pieces:
        waiting += piece
        size += len(piece)
        if size > most_bytes:
            raise _too_large(most_bytes)
        if len(waiting) >= _WRITE_BYTES:
            await asyncio.to_thread(file.write, bytes(waiting))
            waiting.clear()
    await asyncio.to_thread(file.write, bytes(waiting))


async def _text(name: str, pieces: Pieces, *, is_file: bool) -> str:
    data = b""
    async for piece in pieces:
        data += piece
        if len(data) > _FIELD_BYTES and is_file:
            raise MalformedMessage(f"the file is sent in the field {FILE}, not in {name}")
        if len(data) > _FIELD_BYTES:
            raise MessageTooLarge(f"the field {name} may have {_FIELD_BYTES} bytes")
    return data.decode()


async def _pieces(read: Callable[[], Awaitable[bytes]], form: Form, settings: FileSettings) -> Pieces:
    while True:
        async with asyncio.timeout(_PIECE_S):
            piece = await read()
        if not piece:
            return
        form.size += len(piece)
        if not form.announced:
            form.take(len(piece))
        settings.check_pace(time.monotonic() - form.began_s, form.size)
        yield piece


def _value(name: str, text: str) -> str | bool | int:
    """Convert a field's text; flags accept only ``true`` and ``false``, numbers only digits and a sign."""
    if name == "track" and _NUMBER.fullmatch(text):
        return int(text)
    return _FLAGS.get(text, text) if name in ("itn", "punctuation") else text


def _too_large(most_bytes: int) -> MessageTooLarge:
    return MessageTooLarge(f"a file may have {most_bytes} bytes")
