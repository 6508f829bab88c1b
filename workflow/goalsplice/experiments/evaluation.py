"""What a network does on a fixed set of levels.

An episode's dynamics do not depend on the objective, so one evaluation gives the outcome shares and with them the
return under every objective.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache

import numpy as np

from goalsplice.agent.fast.episodes import play
from goalsplice.agent.fast.policy import Policy, policy_of
from goalsplice.agent.network import Weights
from goalsplice.agent.recipe import Recipe
from goalsplice.agent.runs import Run
from goalsplice.agent.seeding import EVERY_ARM, generator
from goalsplice.settings.sections import Evaluation
from goalsplice.world.simulator import Worlds, create, reward
from goalsplice.world.vocabulary import OBJECTIVES, OUTCOMES

_BLOCK = 128
"""Levels after which a control is looked at: as many as run side by side (`agent/fast/episodes.py`)."""
_Z = 1.959963984540054


def levels(level_distribution: str, count: int, seed: int, grid_size: int = 6) -> Worlds:
    """`count` levels of `level_distribution`: initial states, each with a random stream for what follows.

    They depend on the arguments alone, so all checkpoints of all runs play the same ones; and they share no
    randomness with training, whose sources of randomness have the name of an arm (`agent/seeding.py`).
    """
    return create(count, level_distribution, generator(EVERY_ARM, seed, "evaluation", level_distribution), grid_size)


def means_and_errors(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means of rows of values (k, n), and their standard errors, both float64 (k,); those of single values are NaN."""
    count = values.shape[1]
    errors = values.std(axis=1, ddof=1) / np.sqrt(count) if count > 1 else np.full(len(values), np.nan)
    return values.mean(axis=1), errors


@cache
def _returns(number: int, max_steps: int) -> np.ndarray:
    """Return of an episode if an outcome pays, for each outcome and length: float64 (outcomes, max_steps + 1)."""
    return np.array(
        [
            [reward(outcome, length, number, max_steps) for length in range(max_steps + 1)]
            for outcome in range(len(OUTCOMES))
        ]
    )


def measures(
    outcomes: np.ndarray, lengths: np.ndarray, max_steps: int, names: Sequence[str] = OUTCOMES
) -> dict[str, float]:
    """How many levels; outcome shares, mean length in steps, and the return under each objective, from n episodes.

    Returns and length come with their standard errors over the episodes (`_se`); a share p has sqrt(p (1 - p) / n).

    Args:
        names: of the outcomes (`Recipe.outcomes`).
    """
    counts = np.bincount(outcomes, minlength=len(names))
    row: dict[str, float] = {"levels": outcomes.size}
    row |= {f"episode_share_{name}": float(count / outcomes.size) for name, count in zip(names, counts, strict=True)}
    returns = [_returns(number, max_steps)[outcomes, lengths] for number in range(len(OBJECTIVES))]
    measured = ["mean_length", *(f"return_{objective}" for objective in names[: len(OBJECTIVES)])]
    for name, mean, error in zip(measured, *means_and_errors(np.stack([lengths, *returns])), strict=True):
        row[name], row[f"{name}_se"] = float(mean), float(error)
    return row


def shares_of(measured: Mapping[str, float], **colours: str) -> dict[str, float]:
    """Episode shares by the part that a colour plays in a row: `episode_share_<part>`, such as `episode_share_donor`.

    Args:
        measured: what `measures` gives.
        colours: by part, the colour.
    """
    return {f"episode_share_{part}": measured[f"episode_share_{colour}"] for part, colour in colours.items()}


def evaluate(network: Weights | Policy, recipe: Recipe, on: Worlds, action_selection: str) -> dict[str, float]:
    """Play the levels `on` with an actor, given as weights or as the compiled loops take it.

    Args:
        action_selection: `sampling` or `greedy`.
    """
    actor = network if isinstance(network, Policy) else policy_of(network, recipe.world)
    outcomes, lengths = play(on, actor, recipe.world, recipe.rules, action_selection == "greedy")
    return measures(outcomes, lengths, recipe.max_steps, recipe.outcomes)


def half_width(outcomes: np.ndarray) -> float:
    """Half the width of the widest of the outcome shares' 95 % intervals, by Wilson's score (1927)."""
    count = outcomes.size
    shares = np.bincount(outcomes) / count
    return float(_Z / (1 + _Z**2 / count) * np.sqrt((shares * (1 - shares)).max() / count + (_Z / (2 * count)) ** 2))


def evaluate_until(
    network: Weights | Policy, recipe: Recipe, on: Worlds, action_selection: str, precision: float
) -> dict[str, float]:
    """Play levels block by block until `half_width` is at most `precision`, or no level is left.

    A control that never takes the donor's key shows that with few levels; one that does so every other time needs many.
    """
    actor = network if isinstance(network, Policy) else policy_of(network, recipe.world)
    played: list[tuple[np.ndarray, np.ndarray]] = []
    for start in range(0, len(on.agent), _BLOCK):
        block = on.part(start, start + _BLOCK)
        played.append(play(block, actor, recipe.world, recipe.rules, action_selection == "greedy"))
        if half_width(np.concatenate([outcomes for outcomes, _ in played])) <= precision:
            break
    outcomes, lengths = map(np.concatenate, zip(*played, strict=True))
    return measures(outcomes, lengths, recipe.max_steps, recipe.outcomes)


def evaluate_run(run: Run, settings: Evaluation) -> Iterator[dict]:
    """Rows of the evaluation table for a run, but for arm and seed: each checkpoint in every way of the settings."""
    recipe = run.recipe
    drawn = {
        level_distribution: levels(level_distribution, settings.levels, settings.seed, recipe.grid_size)
        for level_distribution in settings.level_distributions
    }
    for phase, checkpoint in run.checkpoints.items():
        for level_distribution, on in drawn.items():
            for action_selection in settings.action_selections:
                measured = evaluate(checkpoint.actor, recipe, on, action_selection)
                yield {
                    "phase": phase,
                    "objective": checkpoint.objective,
                    "level_distribution": level_distribution,
                    "action_selection": action_selection,
                    **shares_of(measured, objective=checkpoint.objective),
                    **measured,
                }
