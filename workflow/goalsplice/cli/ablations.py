"""Measure what each ablation arm does: its runs, and over them the difference from its reference."""

import argparse
import json

import pandas as pd

from goalsplice.analysis.ablations import RUN, ablations, run_measures
from goalsplice.cli.common import parse
from goalsplice.io.errors import run
from goalsplice.io.frames import read_frame
from goalsplice.io.tables import write_table

TABLES = ("training", "plasticity", "switches", "switch_retargeting")
_TRAINING = [*RUN, "rollout", "phase", "objective", "mean_return"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for table in TABLES:
        parser.add_argument(f"--{table.replace('_', '-')}", required=True, help=f"the table ablation_{table}")
    parser.add_argument("--arms", type=json.loads, required=True, help="what each arm is, as JSON")
    parser.add_argument("--threshold", type=float, required=True, help="mean return that counts as learned")
    parser.add_argument("--burn-in", type=int, required=True, help="rollout after which phases count")
    parser.add_argument("--target", required=True, help="the new colour")
    parser.add_argument("--schemas", required=True, help="workflow/schemas/tables.yaml")
    parser.add_argument("--runs-output", required=True, help="where the table ablation_runs goes")
    parser.add_argument("--output", required=True, help="where the table ablations goes")
    options = parse(parser)

    tables = {
        table: read_frame(getattr(options, table), _TRAINING if table == "training" else None) for table in TABLES
    }
    by_run = {table: dict(iter(frame.groupby(RUN, sort=False))) for table, frame in tables.items()}
    # A reference is measured after as many rollouts as each of the arms that are compared with it.
    lengths = {name: {arm["rollouts"]} for name, arm in options.arms.items()}
    for arm in options.arms.values():
        lengths[arm["reference"]].add(arm["rollouts"])
    rows = []
    for (arm, seed), training in by_run["training"].items():
        own = {
            "training": training,
            **{table: by_run[table].get((arm, seed), tables[table].iloc[:0]) for table in TABLES[1:]},
        }
        for rollouts in sorted(lengths[arm]):
            found = run_measures(own, rollouts, options.threshold, options.burn_in, options.target)
            rows += [
                {"arm": arm, "seed": seed, "rollouts": rollouts, "measure": measure, "value": value}
                for measure, value in found.items()
            ]
    runs = pd.DataFrame(rows)
    write_table(options.runs_output, runs, options.schemas, "ablation_runs")
    write_table(options.output, ablations(runs, options.arms, options.threshold), options.schemas, "ablations")


if __name__ == "__main__":
    run(main)
