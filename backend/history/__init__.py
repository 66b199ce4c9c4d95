"""Past sessions in a database: recording, queries, search, and deletion of what is too old."""
