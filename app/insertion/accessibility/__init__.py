"""The place of the text cursor, asked through the desktop's accessibility interface."""
