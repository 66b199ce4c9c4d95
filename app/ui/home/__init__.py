"""Home: dictation now, texts to paste, and the timeline of all recordings."""
