"""Vocabularies of SenseVoice and Paraformer: pieces of text by number.

``tokens.json`` is a list of pieces. A sentencepiece model (``*.bpe.model``) is a protocol buffer, of which only
the texts of its pieces are read: field 1 of the model, and in it field 1; see sentencepiece_model.proto.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from protocol.engine import EngineUnavailable
from speech.protobuf import embedded_ranges

WORD_MARK: Final = "\N{LOWER ONE EIGHTH BLOCK}"
_BYTE: Final = re.compile(r"<0x([0-9A-Fa-f]{2})>")
_UNWRITTEN: Final = frozenset({"<unk>", "<s>", "</s>", "<blank>", "<pad>"})
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
    except (OSError, ValueError) as error:
        raise EngineUnavailable(
            f"the vocabulary {str(path)!r} is damaged; get the model again: {error}"
        ) from error
    if not found:
        raise EngineUnavailable(f"the vocabulary {str(path)!r} is empty; get the model again")
    return found


def sentence_pieces(model: bytes) -> tuple[str, ...]:
    """Return the pieces of a sentencepiece model. Raises ``ValueError``."""
    texts = (next(embedded_ranges(model, _TEXT, *piece), (0, 0)) for piece in embedded_ranges(model, _PIECES))
    return tuple(model[start:end].decode("utf-8") for start, end in texts)


def join_pieces(pieces: Iterable[str]) -> str:
    """Return the text of sentence pieces: a word mark is a space, ``<0xE4>`` is a byte, ``<s>`` is nothing."""
    written = bytearray()
    for piece in pieces:
        if byte := _BYTE.fullmatch(piece):
            written.append(int(byte[1], 16))
        elif piece not in _UNWRITTEN:
            written += piece.encode()
    return written.decode("utf-8", "replace").replace(WORD_MARK, " ")
