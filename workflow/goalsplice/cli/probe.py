"""Fit linear probes to the activations of one training run's checkpoints, and score them on other levels and phases."""

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from goalsplice.agent.checkpoint import load_checkpoint
from goalsplice.agent.network import Agent
from goalsplice.agent.numerics import prepare_process
from goalsplice.agent.recipe import Recipe
from goalsplice.agent.seeding import sequence
from goalsplice.cli.common import parse
from goalsplice.experiments.activations import activations, inputs_of, seen
from goalsplice.experiments.probes import Network, Places, key_places, probe_run
from goalsplice.io.errors import run
from goalsplice.io.frames import write_frame

LAYOUTS = "three_colours"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--arm", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--recipe", type=Recipe.from_json, required=True, help="as JSON")
    parser.add_argument("--probes", type=json.loads, required=True, help="config.yaml's probes, as JSON")
    parser.add_argument("--phases", type=int, nargs="+", required=True, help="phases of --checkpoints")
    parser.add_argument("--checkpoints", type=Path, nargs="+", required=True, help="those phases' checkpoints")
    parser.add_argument("--output", required=True, help="where the probes table goes")
    options = parse(parser)
    prepare_process()
    recipe, settings = options.recipe, options.probes

    loaded = {
        phase: load_checkpoint(path, recipe, arm=options.arm, seed=options.seed, phase=phase)
        for phase, path in zip(options.phases, options.checkpoints, strict=True)
    }
    train_levels, test_levels, initial, labels = sequence(options.arm, options.seed, "probes").spawn(4)

    actors = [agent.actor.state_dict() for agent, _ in loaded.values()]
    train = seen(actors, recipe, LAYOUTS, settings["observations"], train_levels)
    test = seen(actors, recipe, LAYOUTS, settings["observations"] // 2, test_levels)
    test = test[~np.isin(test, train)]
    places = Places(key_places(recipe.world, train), key_places(recipe.world, test))
    inputs = [inputs_of(recipe, codes) for codes in (train, test)]

    def network(agent, phase="", objective=""):
        return Network(phase, objective, *(activations(agent.actor.state_dict(), half) for half in inputs))

    fitted, scored = (
        [network(loaded[phase][0], str(phase), loaded[phase][1].objective) for phase in settings[phases]]
        for phases in ("train_phases", "test_phases")
    )
    weights = torch.Generator().manual_seed(int(initial.generate_state(1)[0]))
    untrained = network(Agent(recipe.world.inputs, recipe.hidden_size, weights))
    rows = probe_run(fitted, scored, untrained, places, settings["draws"], np.random.default_rng(labels))
    write_frame(options.output, pd.DataFrame(rows))


if __name__ == "__main__":
    run(main)
