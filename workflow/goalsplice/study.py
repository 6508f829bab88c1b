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


def same_goal_phase(recipe: dict, phase: int) -> int | None:
    """The nearest other phase of the same objective, of two as near the earlier one; None if there is none.

    Its checkpoint stands in for a donor that should not change what the recipient wants.
    """
    objectives = tuple(recipe["objectives"])
    wanted = objective_of(recipe["schedule"], phase, objectives)
    others = [
        other
        for other in range(whole_phases(recipe))
        if other != phase and objective_of(recipe["schedule"], other, objectives) == wanted
    ]
    return min(others, key=lambda other: (abs(other - phase), other), default=None)


def spliced_phases(recipe: dict, pairs: list[list[int]]) -> list[int]:
    """Phases whose checkpoints the splices of some pairs take: the pairs', and their controls'."""
    phases = {phase for pair in pairs for phase in pair}
    controls = {same_goal_phase(recipe, phase) for phase in phases}
    return sorted(phases | (controls - {None}))


def late_phases(pairs: list[list[int]]) -> list[int]:
    """Phases of some pairs, in order: those whose checkpoints are edited in every way."""
    return sorted({phase for pair in pairs for phase in pair})


def other_seed(seeds: list[int], seed: int) -> int | None:
    """The run that stands in as a donor of another seed: the next of the list, in a circle; None if it is alone."""
    following = seeds[(seeds.index(seed) + 1) % len(seeds)]
    return None if following == seed else following


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
    _check_retargets(config)
    _check_probes(config)
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
        beyond = [phase for phase in config["transport"]["phases"] if phase >= phases]
        if beyond:
            raise StudyError(
                f"in the configuration, transport.phases names phase {beyond[0]}, but arm {arm} has {phases} whole "
                "phases, counted from 0; name an earlier one, or train for more rollouts"
            )
        steps = recipe["num_envs"] * recipe["num_steps"]
        if steps % recipe["minibatches"] or steps == recipe["minibatches"]:
            raise StudyError(
                f"in the configuration, minibatches of arm {arm} is {recipe['minibatches']}, which does not divide "
                f"num_envs * num_steps = {steps} into parts of two steps or more; choose a number that does"
            )


def _check_retargets(config: dict) -> None:
    retargets = config["retargets"]
    both = set(config["seeds"]) & set(retargets["tuning_seeds"])
    if both:
        raise StudyError(
            f"in the configuration, retargets.tuning_seeds names {min(both)}, which is one of seeds; choices are made "
            "on runs that are not reported, so name it once"
        )
    for arm in config["arms"]:
        recipe = recipe_of(config, arm)
        if retargets["target"] in recipe["objectives"]:
            raise StudyError(
                f"in the configuration, retargets.target is {retargets['target']}, which arm {arm} is trained on; take "
                "it from the arm's objectives"
            )
        beyond = [phase for phase in config["further_training"]["phases"] if phase >= whole_phases(recipe)]
        if beyond:
            raise StudyError(
                f"in the configuration, further_training.phases names phase {beyond[0]}, but arm {arm} has "
                f"{whole_phases(recipe)} whole phases, counted from 0; name an earlier one, or train for more rollouts"
            )


def _check_probes(config: dict) -> None:
    where = "in the configuration, probes."
    train, test = (config["probes"][half] for half in ("train_phases", "test_phases"))
    both = set(train) & set(test)
    if both:
        raise StudyError(
            f"{where}test_phases names phase {min(both)}, which probes.train_phases names too; a probe is scored on "
            "phases that it has not seen, so name it once"
        )
    for arm in config["arms"]:
        recipe = recipe_of(config, arm)
        phases, objectives = whole_phases(recipe), tuple(recipe["objectives"])
        for half, named in (("train_phases", train), ("test_phases", test)):
            if max(named) >= phases:
                raise StudyError(
                    f"{where}{half} names phase {max(named)}, but arm {arm} has {phases} whole phases, counted from 0; "
                    "name an earlier one, or train for more rollouts"
                )
            wanted = [objective_of(recipe["schedule"], phase, objectives) for phase in named]
            counts = {objective: wanted.count(objective) for objective in objectives}
            if len(set(counts.values())) > 1:
                said = ", ".join(f"{name} {count} times" for name, count in counts.items())
                raise StudyError(
                    f"{where}{half} does not name each objective of arm {arm} as often: {said}; name equally many "
                    "phases of each"
                )
