"""What config.yaml means beyond its schema. Light to import: Snakemake does so at each start."""

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


def phases_of(recipe: dict) -> int:
    """Whole phases of a run, each of which leaves a checkpoint."""
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
    for arm in config["arms"]:
        recipe = recipe_of(config, arm)
        phases = phases_of(recipe)
        for pair in config["splices"]["pairs"]:
            if max(pair) >= phases:
                raise StudyError(
                    f"in the configuration, splices.pairs names phase {max(pair)}, but arm {arm} has {phases} whole "
                    "phases, counted from 0; name an earlier one, or train for more rollouts"
                )
            if pair[0] == pair[1]:
                raise StudyError(
                    f"in the configuration, splices.pairs pairs phase {pair[0]} with itself; name two phases"
                )
        steps = recipe["num_envs"] * recipe["num_steps"]
        if steps % recipe["minibatches"]:
            raise StudyError(
                f"in the configuration, minibatches of arm {arm} is {recipe['minibatches']}, which does not divide "
                f"num_envs * num_steps = {steps}; choose a number that does"
            )
