"""The command line ``kikipounamu``: one module per command."""
