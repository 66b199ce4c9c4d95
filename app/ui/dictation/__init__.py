"""The overlay, the announcer and the menu of texts to paste."""
