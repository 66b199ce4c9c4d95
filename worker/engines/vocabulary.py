"""Vocabularies of SenseVoice and Paraformer: pieces of text by number.

``tokens.json`` is a list of pieces. A sentencepiece model (``*.bpe.model``) is a protocol buffer, of which only
the texts of its pieces are read: field 1 of the model, and in it field 1; see sentencepiece_model.proto.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec

from protocol.engine import EngineUnavailable

WORD_MARK: Final = "\N{LOWER ONE EIGHTH BLOCK}"
_BYTE: Final = re.compile(r"<0x([0-9A-Fa-f]{2})>")
_UNWRITTEN: Final = frozenset({"<unk>", "<s>", "</s>", "<blank>", "<pad>"})
_VARINT, _FIXED64, _COUNTED, _FIXED32 = 0, 1, 2, 5
_PIECES: Final = 1
_TEXT: Final = 1


def read_vocabulary(folder: Path) -> tuple[str, ...]:
    """Return the pieces of the model in ``folder``. Raises ``EngineUnavailable``."""
    names = ["tokens.json", *sorted(path.name for path in folder.glob("*.bpe.model"))]
    path = next((folder / name for name in names if (folder / name).is_file()), None)
    if path is None:
        raise EngineUnavailable(f"the model in {str(folder)!r} has no vocabulary: tokens.json or *.bpe.model")
    try:
        data = path.read_bytes()
        found = (
            msgspec.json.decode(data, type=tuple[str, ...]) if path.suffix == ".json" else sentence_pieces(data)
        )
    except (OSError, ValueError, IndexError) as error:
        raise EngineUnavailable(
            f"the vocabulary {str(path)!r} is damaged; get the model again: {error}"
        ) from error
    if not found:
        raise EngineUnavailable(f"the vocabulary {str(path)!r} is empty; get the model again")
    return found


def sentence_pieces(model: bytes) -> tuple[str, ...]:
    """Return the pieces of a sentencepiece model. Raises ``ValueError`` or ``IndexError``."""
    pieces = (value for field, value in _fields(model) if field == _PIECES and isinstance(value, bytes))
    texts = (next((text for field, text in _fields(piece) if field == _TEXT), b"") for piece in pieces)
    return tuple(text.decode("utf-8") for text in texts if isinstance(text, bytes))


def join_pieces(pieces: Iterable[str]) -> str:
    """Return the text of sentence pieces: a word mark is a space, ``<0xE4>`` is a byte, ``<s>`` is nothing."""
    written = bytearray()
    for piece in pieces:
        if byte := _BYTE.fullmatch(piece):
            written.append(int(byte[1], 16))
        elif piece not in _UNWRITTEN:
            written += piece.encode()
    return written.decode("utf-8", "replace").replace(WORD_MARK, " ")


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """Yield the fields of a protocol buffer: number and value (protobuf.dev, encoding)."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        field, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, at = _varint(message, at)
            yield field, value
            continue
        if kind not in (_FIXED64, _COUNTED, _FIXED32):
            raise ValueError(f"field of kind {kind}")
        size = {_FIXED64: 8, _FIXED32: 4}.get(kind, 0)
        if kind == _COUNTED:
            size, at = _varint(message, at)
        if at + size > len(message):
            raise ValueError("it ends too early")
        yield field, message[at : at + size]
        at += size


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[at]
        value |= (byte & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if byte < 0x80:
            return value, at
