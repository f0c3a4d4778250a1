"""The gates of a year: which rows each looks at (``year``), and what it expects of them (``expected``)."""
