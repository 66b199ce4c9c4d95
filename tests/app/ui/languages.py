"""Which tests of windows run in each language.

Most run in English only: Chinese would show the same. ``tests/test_windows_in_chinese.py`` runs all in Chinese.
"""

import pytest

in_each_language = pytest.mark.parametrize("texts", ["en", "zh"], indirect=True)
"""Mark for tests of what depends on the words: their wording, their room, their names for screen readers."""
