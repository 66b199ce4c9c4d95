"""Worker: takes jobs from the broker, has an engine recognise them, and stores the results."""
