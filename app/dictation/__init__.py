"""Dictation: from key presses and recognised texts to insertions at the cursor."""
