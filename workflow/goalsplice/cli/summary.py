"""Measure how well and how fast the runs learned, beside the run that the post's author published."""

import argparse

import pandas as pd

from goalsplice.analysis.phases import phases_of, run_measures, summarise
from goalsplice.analysis.published import read_published
from goalsplice.cli.common import parse
from goalsplice.io.errors import run
from goalsplice.io.frames import read_frame
from goalsplice.io.tables import write_table
from goalsplice.settings.labels import PUBLISHED
from goalsplice.settings.sections import Measures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--training", required=True, help="the training table")
    parser.add_argument("--published", required=True, help="workflow/resources/published_seed99.csv")
    parser.add_argument("--measures", type=Measures.from_json, required=True, help="config.yaml's measures, as JSON")
    parser.add_argument("--schemas", required=True, help="workflow/schemas/tables.yaml")
    for table in ("phases", "measures", "summary"):
        parser.add_argument(f"--{table}-output", required=True, help=f"where the {table} table goes")
    options = parse(parser)
    threshold, burn_in = options.measures.threshold, options.measures.burn_in

    columns = ["arm", "seed", "rollout", "phase", "objective", "mean_return"]
    rollouts = pd.concat([read_frame(options.training, columns), read_published(options.published)])
    phases, measured = [], []
    for (arm, seed), rows in rollouts.groupby(["arm", "seed"], sort=False):
        of_run = phases_of(rows, threshold)
        phases.append(of_run.assign(arm=arm, seed=seed))
        measured.append({"arm": arm, "seed": seed, **run_measures(rows, of_run, threshold, burn_in)})
    measured = pd.DataFrame(measured)
    published = measured[measured["arm"] == PUBLISHED].iloc[0].to_dict()
    summary = summarise(measured[measured["arm"] != PUBLISHED], published)
    write_table(options.phases_output, pd.concat(phases, ignore_index=True), options.schemas, "phases")
    write_table(options.measures_output, measured, options.schemas, "measures")
    write_table(options.summary_output, summary, options.schemas, "summary")


if __name__ == "__main__":
    run(main)
