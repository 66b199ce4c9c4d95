"""Help with problems: checks of this computer, reports, timelines of sessions."""
