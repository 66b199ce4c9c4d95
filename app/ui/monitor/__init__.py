"""The monitor page: utterances, workers, figures."""
