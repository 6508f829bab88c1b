"""What config.yaml means beyond its schema. Light to import: Snakemake does so at each start."""

import json
import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from goalsplice.io.errors import StudyError
from goalsplice.settings.colours import COLOURS, KEY_COLOURS
from goalsplice.settings.schedule import objective_of

_TOLD = 300
"""Characters of jsonschema's message that are passed on. It quotes values in full."""

_LONGEST = 65_536
"""Characters of the custom edits as JSON. They are one word of a shell line, which Linux limits to twice that."""


def schema_sentence(path: list, message: str) -> str:
    """One sentence about a key that the schema does not accept.

    Args:
        path: where the key is, from the top.
        message: what jsonschema says of it.
    """
    where = ".".join(str(part) for part in path) or "the top level"
    if len(message) > _TOLD:
        message = f"{message[: _TOLD // 2]} ... {message[-_TOLD // 2 :]}"
    return f"in the configuration, {where}: {message}; workflow/schemas/config.schema.yaml says what each key may be"


RENAMED = {
    "transport": "transfer",
    "retargets": "retargeting",
    "further_training": "finetuning",
    "layouts": "level_distribution",
    "training_layouts": "training_level_distribution",
    "policy": "action_selection",
    "policies": "action_selections",
    "share": "weight_share",
    "below": "downstream",
    "settled_after": "burn_in",
    "scenes": "stimuli",
}
"""Keys of configurations before version 0.2, and what they are called now."""

_OF_KEYS = ("additionalProperties", "unevaluatedProperties", "required")
"""Rules of a JSON Schema that a renamed key breaks."""


def _is_integer(_checker: object, value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(_checker: object, value: object) -> bool:
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:  # an integer that no float holds
        return False


def validate(config: Mapping[str, Any], schema: Mapping[str, Any]) -> None:
    """Hold a configuration to its schema, more strictly about numbers than JSON Schema is.

    There 1.0 is an integer, which a path or a command line would write as 1.0, and NaN passes any minimum.

    Args:
        schema: content of workflow/schemas/config.schema.yaml.

    Raises:
        StudyError: the first fault.
    """
    import jsonschema

    draft = jsonschema.Draft202012Validator
    checker = draft.TYPE_CHECKER.redefine_many({"integer": _is_integer, "number": _is_number})
    strict = jsonschema.validators.extend(draft, type_checker=checker)
    for error in strict(schema).iter_errors(config):
        path = list(error.absolute_path)
        for key in error.instance if isinstance(error.instance, dict) else ():
            if key in RENAMED and error.validator in _OF_KEYS:
                plural = f"{RENAMED[key]}s" in error.schema.get("properties", {})
                raise StudyError(
                    f"in the configuration, {'.'.join(map(str, [*path, key]))} has another name now: "
                    f"{RENAMED[key]}{'s' if plural else ''}; rename it"
                )
        raise StudyError(schema_sentence(path, error.message))


def key_colours(config: dict) -> list[str]:
    """Colours of the keys in the world: the recipe's first two objectives, which are always there, and the new one."""
    target = config["retargeting"]["target"]
    always = [colour for colour in (*config["recipe"]["objectives"], *KEY_COLOURS, *COLOURS) if colour != target]
    return [*list(dict.fromkeys(always))[:2], target]


def recipe_of(config: dict, arm: str) -> dict:
    """An arm's recipe: the common one, with what the arm replaces, and the colours of the keys in its world."""
    return {**config["recipe"], **config["arms"][arm], "key_colours": key_colours(config)}


ROLES = ("first", "second", "new")
"""What an ablation arm calls the colours of the keys, in the order of `key_colours`."""

SCHEDULE, WORLD, HYPERPARAMETERS, REFERENCE = "schedule", "world", "hyperparameters", "reference"
"""What an ablation arm differs in from its base."""

_OF_SCHEDULE = {"schedule", "objectives", "phase_rollouts"}
_OF_WORLD = {"encoding", "view_size", "grid_size", "max_steps", "walkable_keys", "wall_penalty", "level_distribution"}
_NO_CHANGE = {"base", "rollouts"}
"""Keys of an ablation arm that are no difference: how long it is trained is asked of no arm."""


def changes(arm: dict) -> dict:
    """What an ablation arm, as the configuration has it, differs in from its base."""
    return {key: value for key, value in arm.items() if key not in _NO_CHANGE}


def group_of(arm: dict) -> str:
    """What an ablation arm differs in: the schedule, the world, a hyperparameter; or nothing, if it is a reference."""
    keys = changes(arm).keys()
    if not keys:
        return REFERENCE
    return SCHEDULE if keys & _OF_SCHEDULE else WORLD if keys & _OF_WORLD else HYPERPARAMETERS


def ablation_recipe(config: dict, arm: str) -> dict:
    """An ablation arm's recipe: its base's, with the ablations' number of rollouts, and what the arm replaces."""
    own = config["ablations"]["arms"][arm]
    replaced = {key: value for key, value in own.items() if key != "base"}
    if "objectives" in replaced:
        colour_of = dict(zip(ROLES, key_colours(config), strict=True))
        replaced["objectives"] = [colour_of[role] for role in replaced["objectives"]]
    return {**recipe_of(config, own["base"]), "rollouts": config["ablations"]["rollouts"], **replaced}


def references(config: dict) -> dict[str, str]:
    """For each ablation arm the one that it is compared with: the reference of the same base."""
    arms = config["ablations"]["arms"]
    found = {arm["base"]: name for name, arm in arms.items() if group_of(arm) == REFERENCE}
    return {name: found[arm["base"]] for name, arm in arms.items()}


def ablation_arms(config: dict) -> dict[str, dict]:
    """What each ablation arm is: its reference, its group, its changes as JSON, and its rollouts."""
    reference_of = references(config)
    return {
        name: {
            "reference": reference_of[name],
            "group": group_of(arm),
            "changes": json.dumps(changes(arm), sort_keys=True),
            "rollouts": ablation_recipe(config, name)["rollouts"],
        }
        for name, arm in config["ablations"]["arms"].items()
    }


def _objective(recipe: dict, phase: int) -> str:
    """Objective of a main arm's phase: main arms alternate, whatever the seed."""
    return objective_of(recipe["schedule"], phase, tuple(recipe["objectives"]), seed=0)


def whole_phases(recipe: dict) -> int:
    """Whole phases of a run; rollouts that are left over are trained and logged, but leave no checkpoint."""
    return int(recipe["rollouts"] // recipe["phase_rollouts"])


def same_goal_phase(recipe: dict, phase: int) -> int | None:
    """The nearest other phase of the same objective, of two as near the earlier one; None if there is none.

    Its checkpoint stands in for a donor that should not change what the recipient wants.
    """
    wanted = _objective(recipe, phase)
    others = [other for other in range(whole_phases(recipe)) if other != phase and _objective(recipe, other) == wanted]
    return min(others, key=lambda other: (abs(other - phase), other), default=None)


def spliced_phases(recipe: dict, pairs: list[list[int]]) -> list[int]:
    """Phases whose checkpoints the splices of some pairs take: the pairs', and their controls'."""
    phases = {phase for pair in pairs for phase in pair}
    controls = {other for phase in phases if (other := same_goal_phase(recipe, phase)) is not None}
    return sorted(phases | controls)


def late_phases(pairs: list[list[int]]) -> list[int]:
    """Phases of some pairs, in order: those whose checkpoints are edited in every way."""
    return sorted({phase for pair in pairs for phase in pair})


def neighbours(phases: Sequence[int]) -> list[tuple[int, int]]:
    """Each two neighbouring phases of some phases in order, which need not follow on each other."""
    return [(one, other) for one, other in pairwise(phases) if other == one + 1]


def other_seed(seeds: list[int], seed: int) -> int | None:
    """The run whose checkpoint is the donor of another seed: the next of the list, in a circle; None if it is alone."""
    following = seeds[(seeds.index(seed) + 1) % len(seeds)]
    return None if following == seed else following


def source_runs(seeds: list[int], seed: int, others: int) -> list[int]:
    """Runs whose task vectors a run gets: those that follow it in `seeds`, in a circle; in the order of `seeds`.

    Args:
        others: how many; all others if there are fewer. So jobs and rows grow with the runs, not with their square.
    """
    place = seeds.index(seed)
    following = {(place + step) % len(seeds) for step in range(1, min(others, len(seeds) - 1) + 1)}
    return [seeds[number] for number in sorted(following)]


def compared(seeds: list[int], others: int) -> dict[int, list[int]]:
    """For each run those before it in `seeds` that it is compared with: one of the two is the other's source_run.

    So every pair of runs is there at most once, and all pairs are if there are 2 * `others` + 1 seeds or fewer.
    """
    lent = {seed: set(source_runs(seeds, seed, others)) for seed in seeds}
    return {
        seed: [other for other in seeds[:place] if other in lent[seed] or seed in lent[other]]
        for place, seed in enumerate(seeds)
    }


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
    _check_custom_edits(config["custom_edits"])
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
            objectives = {_objective(recipe, phase) for phase in pair}
            if len(objectives) == 1:
                raise StudyError(
                    f"in the configuration, splices.pairs pairs phases {pair[0]} and {pair[1]}, which arm {arm} both "
                    f"trains on {objectives.pop()}; pair phases of different objectives"
                )
        beyond = [phase for phase in config["transfer"]["phases"] if phase >= phases]
        if beyond:
            raise StudyError(
                f"in the configuration, transfer.phases names phase {beyond[0]}, but arm {arm} has {phases} whole "
                "phases, counted from 0; name an earlier one, or train for more rollouts"
            )
        _check_minibatches(arm, recipe)
    _check_ablations(config)


def _check_objectives(where: str, recipe: dict) -> None:
    foreign = [colour for colour in recipe["objectives"] if colour not in recipe["key_colours"]]
    if foreign:
        raise StudyError(
            f"in the configuration, objectives of {where} name {foreign[0]}, but the keys of its world are "
            f"{', '.join(recipe['key_colours'])} (recipe.objectives, retargeting.target); name one of these"
        )


def _check_minibatches(arm: str, recipe: dict) -> None:
    steps = recipe["num_envs"] * recipe["num_steps"]
    if steps % recipe["minibatches"] or steps == recipe["minibatches"]:
        raise StudyError(
            f"in the configuration, minibatches of arm {arm} is {recipe['minibatches']}, which does not divide "
            f"num_envs * num_steps = {steps} into parts of two steps or more; choose a number that does"
        )


def _check_ablations(config: dict) -> None:
    where, ablations = "in the configuration, ablations.", config["ablations"]
    for name, others in (
        ("seeds", config["seeds"]),
        ("retargeting.tuning_seeds", config["retargeting"]["tuning_seeds"]),
    ):
        both = set(ablations["seeds"]) & set(others)
        if both:
            raise StudyError(
                f"{where}seeds names {min(both)}, which is one of {name}; ablations have seeds of their own, so name "
                "it once"
            )
    recipes = {}
    for name, arm in ablations["arms"].items():
        if name in config["arms"]:
            raise StudyError(f"{where}arms has {name}, which is the name of a main arm too; choose another one")
        if arm["base"] not in config["arms"]:
            raise StudyError(f"{where}arms.{name}.base is {arm['base']!r}, which is no main arm; name one of arms")
        recipes[name] = ablation_recipe(config, name)
        _check_minibatches(name, recipes[name])
        if whole_phases(recipes[name]) == 0:
            raise StudyError(
                f"{where}arms.{name} has no whole phase: phase_rollouts is {recipes[name]['phase_rollouts']} and "
                f"rollouts {recipes[name]['rollouts']}; train for more rollouts"
            )
    for base in {arm["base"]: None for arm in ablations["arms"].values()}:
        of_base = {name: arm for name, arm in ablations["arms"].items() if arm["base"] == base}
        unchanged = [name for name, arm in of_base.items() if group_of(arm) == REFERENCE]
        if len(unchanged) != 1:
            raise StudyError(
                f"{where}arms of base {base} have {len(unchanged)} references, which are arms that change nothing; "
                "let exactly one name only its base, and perhaps rollouts"
            )
        longest = max(recipes[name]["rollouts"] for name in of_base)
        if recipes[unchanged[0]]["rollouts"] < longest:
            raise StudyError(
                f"{where}arms.{unchanged[0]}.rollouts is {recipes[unchanged[0]]['rollouts']}, but an arm that is "
                f"compared with it has {longest}; train it for as many"
            )


def _check_custom_edits(edits: list[dict]) -> None:
    """Check that parameters, which may be of any form, can be passed on as JSON."""
    where = "in the configuration, custom_edits"
    try:
        length = len(json.dumps(edits, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise StudyError(
            f"{where} has parameters that JSON cannot hold ({error}); use finite numbers, text in quotes, true, false, "
            "null, and lists and mappings of these"
        ) from None
    if length > _LONGEST:
        raise StudyError(
            f"{where} has {length:,} characters as JSON, of which {_LONGEST:,} can be passed on; put what is long into "
            "the edit's module"
        )


def _check_retargets(config: dict) -> None:
    retargeting = config["retargeting"]
    both = set(config["seeds"]) & set(retargeting["tuning_seeds"])
    if both:
        raise StudyError(
            f"in the configuration, retargeting.tuning_seeds names {min(both)}, which is one of seeds; "
            "choices are made on runs that are not reported, so name it once"
        )
    keys = key_colours(config)
    if retargeting["absent"] in keys:
        raise StudyError(
            f"in the configuration, retargeting.absent is {retargeting['absent']}, the colour of a key that is there; "
            f"name another than {', '.join(keys)}"
        )
    for arm in config["arms"]:
        recipe = recipe_of(config, arm)
        _check_objectives(f"arms.{arm}", recipe)
        if retargeting["target"] in recipe["objectives"]:
            raise StudyError(
                f"in the configuration, retargeting.target is {retargeting['target']}, which arm {arm} is "
                "trained on; take it from the arm's objectives"
            )
        beyond = [phase for phase in config["finetuning"]["phases"] if phase >= whole_phases(recipe)]
        if beyond:
            raise StudyError(
                f"in the configuration, finetuning.phases names phase {beyond[0]}, but arm {arm} has "
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
            wanted = [_objective(recipe, phase) for phase in named]
            counts = {objective: wanted.count(objective) for objective in objectives}
            if len(set(counts.values())) > 1:
                said = ", ".join(f"{name} {count} times" for name, count in counts.items())
                raise StudyError(
                    f"{where}{half} does not name each objective of arm {arm} as often: {said}; name equally many "
                    "phases of each"
                )
