"""Large tables over seeds, one module a table: `evaluation` makes `evaluation_over_seeds`, and so on.

Each module has `TABLES`, the tables that it takes with the columns that it reads; `KEYS`, which tell rows over seeds
apart; and `values`, a pure function of the tables and of the study's settings to values of single runs, with a column
for each key, `seed` and `value`. `cli.over_seeds` puts them over seeds. `OTHER` names a column with the other run of
each value, where values are of pairs of runs.
"""
