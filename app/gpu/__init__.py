"""Set up torch for a graphics card in an environment of its own: find the card, install, check, undo."""
