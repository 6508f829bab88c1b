"""What actors do on one level, step by step: the same level, the same luck."""

from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import pandas as pd
from torch import Tensor

from goalsplice.agent.fast.policy import draw, policy_of
from goalsplice.agent.fast.policy_cache import action_probabilities, cached_policy
from goalsplice.agent.recipe import Recipe
from goalsplice.edits.delta import WeightDelta
from goalsplice.experiments.evaluation import levels
from goalsplice.world.observation import Encoding
from goalsplice.world.simulator import RUNNING, Worlds, act, draw_ball_cell, observe, uniform
from goalsplice.world.vocabulary import ACTIONS

THINGS = ("ball", "first", "second", "third")
"""What lies in the room, in the order of `Worlds.things`."""


def one_level(level_distribution: str, number: int, seed: int, grid_size: int) -> Worlds:
    """Level `number`, from 0, of those that `levels` draws: it is the same however many are drawn."""
    return Worlds(
        *(field[number : number + 1].copy() for field in levels(level_distribution, number + 1, seed, grid_size))
    )


def _scene(world: Worlds, encoding: Encoding) -> dict:
    """Where everything is: cells, counted as in `geometry`."""
    return {
        "agent_cell": int(world.agent[0]),
        "direction": int(world.direction[0]),
        **{f"{thing}_cell": int(cell) for thing, cell in zip(THINGS, world.things[0], strict=True)},
        "first_colour": encoding.key_colours[0],
        "second_colour": encoding.key_colours[1],
        "third_colour": encoding.colours[int(world.third_colour[0])],
    }


def steps(level: Worlds, actor: Mapping[str, Tensor], recipe: Recipe, action_selection: str) -> Iterator[dict]:
    """Play one level to its end, as `agent/fast/episodes.py` does: the scene at the start and after each action.

    Args:
        level: stays as it is.
        actor: as its state dict.
        action_selection: `sampling` or `greedy`.
    """
    world = Worlds(*(field.copy() for field in level))
    encoding, greedy = recipe.world, action_selection == "greedy"
    cached = cached_policy(policy_of(actor, encoding), 1)
    probabilities = np.empty((1, len(ACTIONS)), dtype=np.float32)
    yield {"step": 0, "action": "", "outcome": "", **_scene(world, encoding)}
    outcome = RUNNING
    while outcome == RUNNING:
        seen = np.array([observe(world, 0, encoding.geometry)])
        action_probabilities(cached, seen, greedy, encoding.cells, encoding.backgrounds, probabilities)
        ball_cell = draw_ball_cell(world, 0, encoding.geometry)
        # Drawn also when greedy, as where agents are tested.
        action = draw(probabilities[0], uniform(world.stream, 0))
        outcome = act(world, 0, action, ball_cell, encoding.geometry, recipe.rules)
        ending = "" if outcome == RUNNING else recipe.outcomes[outcome]
        yield {"step": int(world.elapsed[0]), "action": ACTIONS[action], "outcome": ending, **_scene(world, encoding)}


def changed(actor: Mapping[str, Tensor], other: Mapping[str, Tensor]) -> tuple[int, float]:
    """How many weights and biases differ between two actors, and which share of all that is."""
    count = WeightDelta(actor, other).size
    return count, count / sum(tensor.numel() for tensor in actor.values())


def record(
    actors: Mapping[str, Mapping[str, Tensor]],
    recipe: Recipe,
    level_distribution: str,
    numbers: Iterable[int],
    seed: int,
    action_selection: str,
) -> pd.DataFrame:
    """The behaviour table, but for what the checkpoint's header says.

    Args:
        actors: state dicts by name; the first is what the others' weights are compared with.
        numbers: of the levels, which all actors play.
        seed: where the levels are drawn from.
    """
    origin = next(iter(actors.values()))
    rows = []
    for number in numbers:
        level = one_level(level_distribution, number, seed, recipe.grid_size)
        for name, actor in actors.items():
            count, share = changed(actor, origin)
            known = {"agent": name, "size": count, "weight_share": share, "level": number}
            rows += [{**known, **step} for step in steps(level, actor, recipe, action_selection)]
    room = {"grid_size": recipe.grid_size, "view_size": recipe.view_size, "max_steps": recipe.max_steps}
    return pd.DataFrame(rows).assign(level_distribution=level_distribution, action_selection=action_selection, **room)
