"""Measure one run's last switches: how far the weights travel, and how well the goal is spliced and retargeted."""

import argparse
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from goalsplice.agent.checkpoint import load_checkpoint
from goalsplice.agent.numerics import prepare_process
from goalsplice.agent.recipe import Recipe
from goalsplice.agent.seeding import Key, generator
from goalsplice.cli.common import parse
from goalsplice.cli.retarget import MAIN, row, settings_of
from goalsplice.edits import controls
from goalsplice.edits.attribution import observations
from goalsplice.edits.edit import Edit, Weights
from goalsplice.edits.layers import layer_edits
from goalsplice.edits.least_squares import seen
from goalsplice.edits.rank import rank_edits
from goalsplice.edits.retargets import Retarget, Settings, Subject, fixed
from goalsplice.experiments.evaluation import levels
from goalsplice.experiments.scoring import Levels, Pair, bounds, score
from goalsplice.experiments.switches import MOVEMENT, PAIR, RECOVERED, last_switches, movement, recovered
from goalsplice.io.errors import run
from goalsplice.io.frames import write_frame
from goalsplice.world.vocabulary import OBJECTIVES

RANK = 4
"""Of the low-rank edit of layer 1: the smallest that brings nearly all of the donor's choice in the main arms."""

_OBJECTIVES = ["recipient_objective", "donor_objective"]
_AIM = ["phase", "wanted", "edit", "control", "draw"]
_AIM_MEASURES = ["return_yellow", "share_yellow", "share_crash", "share_timeout", "size"]


class Run(NamedTuple):
    """A run's actors and their objectives, phase by phase, and what its random draws derive from."""

    actors: list[Weights]
    objectives: list[str]
    recipe: Recipe
    key: Key


def edits_of(actor: Weights) -> list[Edit]:
    """No edit and the donor itself, which scale the others; and of layer 1 the splice and the low-rank edit."""
    of_layers = [edit for edit in layer_edits() if edit.family == "layers"]
    tried = [
        next(edit for edit in of_layers if edit.name == "layer1"),
        next(edit for edit in rank_edits(actor) if (edit.name, edit.dose) == ("layer1", RANK)),
    ]
    return [of_layers[0], of_layers[-1], *(edit._replace(controls=("random_sites",)) for edit in tried)]


def switch_rows(of: Run, count: int, on: Levels, draws: int) -> Iterator[dict]:
    """Rows of the switches table: the last `count` switches in both directions."""
    for phases in (way for pair in last_switches(of.objectives, count) for way in (pair, pair[::-1])):
        recipient, donor = (of.actors[phase] for phase in phases)
        identity = dict(zip([*PAIR, *_OBJECTIVES], [*phases, *(of.objectives[phase] for phase in phases)], strict=True))
        key = (*of.key, *phases)
        pair = Pair(recipient, donor, observations((recipient, donor), of.recipe, on.layouts, key), {}, key)
        scores = [*bounds(pair, on, of.recipe)]
        for edit in edits_of(recipient):
            scores += score(pair, edit, on, draws, of.recipe)
        splices = pd.DataFrame([{"arm": "", "seed": 0, **identity, **scored} for scored in scores])
        yield {**identity, **movement(recipient, donor), **recovered(splices).iloc[0].to_dict()}


def aimed(subject: Subject, recipe: Recipe, settings: Settings, draws: int) -> Iterator[Retarget]:
    """The edits for the new colour that are fixed (`retargets.fixed`), each chosen one with noise of its size."""
    for edited in fixed(subject, recipe, settings):
        yield edited
        if edited.family == "chosen":
            for draw in range(draws):
                numbers = generator(*subject.key, "aim", edited.edit, "noise", draw)
                noise = controls.noise(subject.actor, edited.actor, numbers)
                yield edited._replace(actor=noise, control="noise", draw=draw)


def aim_rows(of: Run, count: int, settings: Settings, on: Levels, draws: int) -> Iterator[dict]:
    """Rows of the aims table: the last `count` checkpoints that want a colour, edited for the new one.

    A checkpoint that was trained on the new colour is not edited: it shows how well that can be fetched at all.
    """
    phases = [phase for phase, objective in enumerate(of.objectives) if objective in OBJECTIVES]
    for phase in phases[-count:]:
        actor, wanted, key = of.actors[phase], of.objectives[phase], (*of.key, phase)
        former = next((colour for colour in of.recipe.objectives if colour != wanted), wanted)
        subject = Subject(actor, wanted, former, seen(actor, of.recipe, on.layouts, key), None, [], None, None, key)
        if wanted == settings.target:
            tried = iter([Retarget("bounds", "none", np.nan, actor)])
        else:
            tried = aimed(subject, of.recipe, settings, draws)
        for edited in tried:
            measured = row(subject, edited, of.recipe, on.edits, on.layouts, on.policy)
            yield {"phase": phase, "wanted": wanted, **{name: measured[name] for name in [*_AIM[2:], *_AIM_MEASURES]}}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--arm", required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--recipe", type=Recipe.from_json, required=True, help="as JSON")
    parser.add_argument("--settings", type=json.loads, required=True, help="config.yaml's ablations, as JSON")
    parser.add_argument("--retargets", type=json.loads, required=True, help="config.yaml's retargets, as JSON")
    parser.add_argument("--levels-seed", type=int, required=True, help="where levels are drawn from")
    parser.add_argument("--checkpoints", type=Path, nargs="+", required=True, help="each phase's checkpoint, in order")
    parser.add_argument("--switches-output", required=True, help="where the switches table goes")
    parser.add_argument("--aims-output", required=True, help="where the aims table goes")
    options = parse(parser)
    recipe, settings = options.recipe, options.settings
    prepare_process()

    loaded = [
        load_checkpoint(path, recipe, arm=options.arm, seed=options.seed, phase=phase)
        for phase, path in enumerate(options.checkpoints)
    ]
    actors, objectives = [agent.actor.state_dict() for agent, _ in loaded], [header.objective for _, header in loaded]
    this = Run(actors, objectives, recipe, (options.arm, options.seed, "switches"))
    worlds = levels(MAIN, settings["levels"], options.levels_seed, recipe.grid_size)
    on = Levels(worlds, worlds, MAIN, options.retargets["policy"])
    aims = settings_of(options.retargets, recipe.encoding)
    # Columns are named, since a run of one objective has no switch.
    switches = pd.DataFrame(
        switch_rows(this, settings["switches"], on, settings["draws"]),
        columns=[*PAIR, *_OBJECTIVES, *MOVEMENT, *RECOVERED],
    )
    retargeted = pd.DataFrame(
        aim_rows(this, settings["switches"], aims, on, settings["draws"]), columns=[*_AIM, *_AIM_MEASURES]
    )
    write_frame(options.switches_output, switches)
    write_frame(options.aims_output, retargeted)


if __name__ == "__main__":
    run(main)
