"""Notice of newer versions: a signed index, asked at most once a day, and how this installation is updated."""
