"""Rank the configuration's own edits beside the study's, and say on the terminal which of them have no score."""

import argparse

from goalsplice.analysis.leaderboard import by_seed, entries, leaderboard
from goalsplice.analysis.recovery import COLUMNS
from goalsplice.cli.common import parse
from goalsplice.io.errors import run
from goalsplice.io.frames import read_frame
from goalsplice.io.tables import write_table


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--splices", required=True, help="the splices table")
    parser.add_argument("--custom", required=True, help="the custom_edits table")
    parser.add_argument("--schemas", required=True, help="workflow/schemas/tables.yaml")
    parser.add_argument("--leaderboard", required=True, help="where the leaderboard table goes")
    parser.add_argument("--entries", required=True, help="where the leaderboard_entries table goes")
    options = parse(parser)
    custom = read_frame(options.custom, [*COLUMNS, "problem"])
    runs = by_seed(read_frame(options.splices, COLUMNS), custom)
    board = leaderboard(runs, custom)
    write_table(options.leaderboard, board, options.schemas, "leaderboard")
    write_table(options.entries, entries(runs, board), options.schemas, "leaderboard_entries")
    # On stdout, which the rule leaves to the terminal: the study goes on, and a log is not read unasked.
    for row in board[board["problem"] != ""].itertuples():
        print(f"The custom edit {row.edit!r} has no score in arm {row.arm}: {row.problem}", flush=True)


if __name__ == "__main__":
    run(main)
