"""Networks played, edited, probed and compared: rows of the runs' tables. They use `edits`, `agent` and `world`."""
