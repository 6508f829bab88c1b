"""What config.yaml means beyond its schema. Light to import: Snakemake does so at each start."""

from goalsplice.agent.schedule import objective_of
from goalsplice.errors import StudyError


def schema_sentence(path: list, message: str) -> str:
    """One sentence about a key that the schema does not accept.

    Args:
        path: where the key is, from the top.
        message: what jsonschema says of it.
    """
    where = ".".join(str(part) for part in path) or "the top level"
    return f"in the configuration, {where}: {message}; workflow/schemas/config.schema.yaml says what each key may be"


def recipe_of(config: dict, arm: str) -> dict:
    """An arm's recipe: the common one, with what the arm replaces."""
    return {**config["recipe"], **config["arms"][arm]}


def whole_phases(recipe: dict) -> int:
    """Whole phases of a run; rollouts that are left over are trained and logged, but leave no checkpoint."""
    return recipe["rollouts"] // recipe["phase_rollouts"]


def check(config: dict) -> None:
    """Check what ties keys of a valid configuration together.

    Raises:
        StudyError: a key names something that is not there.
    """
    seed = config["figures"]["seed"]
    if seed not in config["seeds"]:
        raise StudyError(
            f"in the configuration, figures.seed is {seed}, which is not one of seeds; add it, or choose one"
        )
    unordered = [frozenset(pair) for pair in config["splices"]["pairs"]]
    if len(set(unordered)) < len(unordered):
        raise StudyError(
            "in the configuration, splices.pairs has a pair twice, perhaps the other way round; each is spliced both "
            "ways, so name it once"
        )
    for arm in config["arms"]:
        recipe = recipe_of(config, arm)
        phases = whole_phases(recipe)
        for pair in config["splices"]["pairs"]:
            if max(pair) >= phases:
                raise StudyError(
                    f"in the configuration, splices.pairs names phase {max(pair)}, but arm {arm} has {phases} whole "
                    "phases, counted from 0; name an earlier one, or train for more rollouts"
                )
            objectives = {objective_of(recipe["schedule"], phase, tuple(recipe["objectives"])) for phase in pair}
            if len(objectives) == 1:
                raise StudyError(
                    f"in the configuration, splices.pairs pairs phases {pair[0]} and {pair[1]}, which arm {arm} both "
                    f"trains on {objectives.pop()}; pair phases of different objectives"
                )
        steps = recipe["num_envs"] * recipe["num_steps"]
        if steps % recipe["minibatches"] or steps == recipe["minibatches"]:
            raise StudyError(
                f"in the configuration, minibatches of arm {arm} is {recipe['minibatches']}, which does not divide "
                f"num_envs * num_steps = {steps} into parts of two steps or more; choose a number that does"
            )
