"""The dictation page and the overlay."""
