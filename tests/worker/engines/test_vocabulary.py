"""Vocabularies: as a list of tokens, and as a sentencepiece model that no library reads."""

import json
import random
from pathlib import Path

import pytest

from protocol.engine import EngineUnavailable
from tests.helpers.digits import MODEL
from worker.engines.vocabulary import join_pieces, read_vocabulary, sentence_pieces

BPE = MODEL / "digits_spectok.bpe.model"


def test_sentencepiece_model_is_read_without_its_library() -> None:
    pieces = read_vocabulary(MODEL)
    assert len(pieces) == 41 and pieces[:3] == ("<unk>", "<s>", "</s>")
    assert {"<|en|>", "\N{LOWER ONE EIGHTH BLOCK}seven"} <= set(pieces)


def test_token_list_is_preferred(tmp_path: Path) -> None:
    (tmp_path / "a.bpe.model").write_bytes(BPE.read_bytes())
    (tmp_path / "tokens.json").write_text(json.dumps(["<blank>", "好"]), "utf-8")
    assert read_vocabulary(tmp_path) == ("<blank>", "好")


def test_pieces_are_joined_to_text() -> None:
    assert join_pieces(["<s>", "<|en|>", "▁so", "▁f", "ar", "</s>"]) == "<|en|> so far"
    assert join_pieces(["<0xE5>", "<0xA5>", "<0xBD>", "吗"]) == "好吗"
    assert join_pieces(["<0xE5>", "吗"]) == "\N{REPLACEMENT CHARACTER}吗"


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("tokens.json", b"{}", "is damaged"),
        ("tokens.json", b"[]", "is empty"),
        ("x.bpe.model", BPE.read_bytes()[:-3], "is damaged.*ends too early"),
        ("x.bpe.model", b"\x0b", "is damaged.*kind 3"),
        ("x.bpe.model", b"\x0a", "is damaged"),
        ("x.bpe.model", b"\x0a\x03\x0a\x01\xff", "is damaged"),
        ("words.txt", b"", "has no vocabulary"),
    ],
)
def test_damaged_vocabulary_is_explained(tmp_path: Path, name: str, data: bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(EngineUnavailable, match=reason):
        read_vocabulary(tmp_path)


@pytest.mark.funasr
def test_sentencepiece_model_is_read_as_by_its_library() -> None:
    from sentencepiece import SentencePieceProcessor

    library = SentencePieceProcessor(model_file=str(BPE))
    pieces = sentence_pieces(BPE.read_bytes())
    assert list(pieces) == [library.id_to_piece(number) for number in range(library.get_piece_size())]
    chance = random.Random(1)
    for _ in range(200):
        ids = [chance.randrange(3, len(pieces)) for _ in range(chance.randrange(1, 12))]
        assert join_pieces(pieces[number] for number in ids).strip() == library.decode(ids).strip()
