"""Checks of ``kikipounamu doctor``: one module per subject."""
