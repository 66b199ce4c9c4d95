"""Draw into memory in all tests of the scripts."""

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
