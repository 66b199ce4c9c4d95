"""Traditional and simplified characters match with the dictionary, and differ without it."""

import subprocess
import sys

from app.history.chinese_scripts import is_known, simplified
from app.history.database import schema


def test_simplified_keeps_number_of_characters() -> None:
    assert is_known()
    assert simplified("漢語錄音，電腦 and 简体 stay 😀") == "汉语录音，电脑 and 简体 stay 😀"


WITHOUT = """
import sys
sys.modules["opencc"] = None
import importlib.util
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name == "opencc" else find(name, package)
from app.history import database, words
from app.history.chinese_scripts import simplified
print(simplified("漢語"), words.terms("漢語"), words.highlights("漢語", "汉语"), database.schema())
"""


def test_characters_match_only_themselves_without_dictionary() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.split() == ["漢語", "漢語", "語", "()", str(schema() - 1)], done.stderr
