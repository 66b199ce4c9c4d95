"""The command line ``kikipounamu-gateway``."""
