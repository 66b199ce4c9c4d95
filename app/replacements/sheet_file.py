"""Read rules from a file that a spreadsheet program has saved. Blocks."""

from errno import EFBIG
from pathlib import Path
from typing import Final

from app.replacements.errors import SheetTooLarge, SheetUnreadable
from app.replacements.spreadsheets import Sheet, decode_text, from_text
from runtime.whole_file import read_regular

_MOST_MIB: Final = 4


def read_sheet(place: Path, titles: tuple[str, str], *, chinese: bool) -> Sheet:
    """Return the rules in the file, read as ``from_text`` and ``decode_text`` do. Raises ``SheetError``."""
    try:
        text = decode_text(read_regular(place, _MOST_MIB << 20), chinese=chinese)
    except OSError as error:
        if error.errno == EFBIG:
            raise SheetTooLarge(str(place), _MOST_MIB) from error
        raise SheetUnreadable(str(place)) from error
    if text is None:
        raise SheetUnreadable(str(place))
    return from_text(text, titles)
