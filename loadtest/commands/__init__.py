"""Commands of ``kikipounamu-loadtest``, one module per group."""
