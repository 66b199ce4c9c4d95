"""The page of files that are transcribed in the background."""
