"""What is measured: each subject is a function that sets itself up, then times some environment steps.

Run by `run.py`, each in a process of its own with one thread: `python benchmarks/subjects.py <subject> <arm> <stage>`
prints one line of JSON.
"""

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import gymnasium
import numpy as np
import torch
import yaml
from minigrid.wrappers import OneHotPartialObsWrapper, ViewSizeWrapper

from goalsplice.agent.episodes import play
from goalsplice.agent.network import Agent
from goalsplice.agent.policy import policy_of
from goalsplice.agent.ppo import Learner
from goalsplice.agent.recipe import Recipe
from goalsplice.agent.rollout import collect
from goalsplice.agent.training import arithmetic
from goalsplice.study import recipe_of
from goalsplice.world import ENVIRONMENT_ID
from goalsplice.world.simulator import colour_numbers, create
from goalsplice.world.vector import BatchedFetchObstacles

ROOT = Path(__file__).parents[1]
WARM = Path(os.environ.get("GOALSPLICE_BENCHMARK_FOLDER", "."))
"""Folder with the weights of late training, which `run.py` makes first."""

# The plain formulation is what the tests hold the fast one against.
sys.path.insert(0, str(ROOT / "tests"))


def recipe_for(arm: str) -> Recipe:
    """The arm's recipe in config.yaml."""
    return Recipe(**recipe_of(yaml.safe_load((ROOT / "config.yaml").read_text()), arm))


def agent_for(recipe: Recipe, arm: str, stage: str) -> Agent:
    """A new agent (`early`), or one with the weights of late training (`late`)."""
    agent = Agent(recipe.world.inputs, recipe.hidden_size, torch.Generator().manual_seed(0))
    if stage == "late":
        agent.load_state_dict(torch.load(WARM / f"{arm}.pt", weights_only=True))
    return agent


def timed(step: Callable[[], int], warm_up: int, repeats: int) -> tuple[int, float]:
    """Environment steps and seconds of `repeats` calls of `step`, after some that do not count."""
    for _ in range(warm_up):
        step()
    start = time.perf_counter()
    steps = sum(step() for _ in range(repeats))
    return steps, time.perf_counter() - start


def _training(arm: str, stage: str, update: str, repeats: int) -> tuple[int, float]:
    """Rollouts and updates with the compiled rollout and one kind of update."""
    recipe = recipe_for(arm)
    encoding, agent = recipe.world, agent_for(recipe, arm, stage)
    worlds = create(recipe.num_envs, recipe.layouts, np.random.default_rng(0), recipe.grid_size)
    generator = np.random.default_rng(0)
    if update == "ours":
        learner = Learner(agent, recipe)

        def learn(rollout):
            learner.learn(rollout, generator)
    else:
        from agent import plain_ppo

        optimiser = torch.optim.Adam(
            agent.parameters(), lr=recipe.learning_rate, eps=recipe.adam_epsilon, weight_decay=recipe.weight_decay
        )

        def learn(rollout):
            plain_ppo.update(agent, optimiser, rollout, recipe, generator, update == "distinct")

    def step() -> int:
        rollout = collect(
            worlds,
            policy_of(agent.actor.state_dict(), encoding),
            encoding,
            recipe.rules,
            colour_numbers(recipe.layouts),
            0,
            recipe.num_steps,
        )
        learn(rollout)
        return recipe.batch_size

    with arithmetic(recipe.precision):
        return timed(step, 2, repeats)


def training(arm: str, stage: str) -> tuple[int, float]:
    """The study's training."""
    return _training(arm, stage, "ours", 12)


def training_plain(arm: str, stage: str) -> tuple[int, float]:
    """The same with an update as one would write it in PyTorch: autograd, every observation, dense first layer."""
    return _training(arm, stage, "plain", 3)


def training_distinct(arm: str, stage: str) -> tuple[int, float]:
    """The plain update, but with the networks run on distinct observations only."""
    return _training(arm, stage, "distinct", 5)


def minigrid_environment(recipe: Recipe) -> gymnasium.Env:
    """The MiniGrid environment behind its own wrappers, its observations flat float32 arrays."""
    environment = ViewSizeWrapper(gymnasium.make(ENVIRONMENT_ID, disable_env_checker=True).unwrapped, recipe.view_size)
    if recipe.encoding == "onehot":
        environment = OneHotPartialObsWrapper(environment)
    size = recipe.world.inputs
    return gymnasium.wrappers.TransformObservation(
        environment,
        lambda observation: observation["image"].astype(np.float32).ravel(),
        gymnasium.spaces.Box(0, 255, (size,), np.float32),
    )


def training_sb3(arm: str, stage: str) -> tuple[int, float]:
    """Stable-Baselines3's PPO on the MiniGrid environment: same sizes, rollout, epochs and minibatches."""
    from stable_baselines3 import PPO
    from stable_baselines3.common.vec_env import DummyVecEnv

    torch.set_num_threads(1)
    recipe = recipe_for(arm)
    hidden = recipe.hidden_size
    model = PPO(
        "MlpPolicy",
        DummyVecEnv([lambda: minigrid_environment(recipe)] * recipe.num_envs),
        learning_rate=recipe.learning_rate,
        n_steps=recipe.num_steps,
        batch_size=recipe.batch_size // recipe.minibatches,
        n_epochs=recipe.update_epochs,
        gamma=recipe.gamma,
        gae_lambda=recipe.gae_lambda,
        clip_range=recipe.clip_coefficient,
        ent_coef=recipe.entropy_coefficient,
        vf_coef=recipe.value_coefficient / 2,
        max_grad_norm=recipe.max_gradient_norm,
        policy_kwargs={
            "net_arch": {"pi": [hidden] * 3, "vf": [hidden] * 2},
            "activation_fn": torch.nn.ReLU,
            "optimizer_kwargs": {"eps": recipe.adam_epsilon, "weight_decay": recipe.weight_decay},
        },
        device="cpu",
        seed=0,
    )
    agent = agent_for(recipe, arm, stage).state_dict()
    policy = model.policy
    names = {"actor": (policy.mlp_extractor.policy_net, policy.action_net)}
    names["critic"] = (policy.mlp_extractor.value_net, policy.value_net)
    with torch.no_grad():
        for network, (body, head) in names.items():
            layers = [module for module in body if isinstance(module, torch.nn.Linear)] + [head]
            for number, layer in enumerate(layers, start=1):
                layer.weight.copy_(agent[f"{network}.layer{number}.weight"])
                layer.bias.copy_(agent[f"{network}.layer{number}.bias"])

    def step() -> int:
        model.learn(recipe.batch_size, reset_num_timesteps=False)
        return recipe.batch_size

    with arithmetic(recipe.precision):
        return timed(step, 0, 2)


def evaluation(arm: str, stage: str) -> tuple[int, float]:
    """Episodes on fixed levels, as the study tests its checkpoints."""
    recipe = recipe_for(arm)
    policy = policy_of(agent_for(recipe, arm, stage).actor.state_dict(), recipe.world)
    levels = create(4096, "three_colours", np.random.default_rng(0))
    return timed(lambda: int(play(levels, policy, recipe.world, recipe.rules, False)[1].sum()), 1, 40)


def evaluation_minigrid(arm: str, stage: str) -> tuple[int, float]:
    """The same agent in MiniGrid's own loop: one environment, one forward pass of the network a step."""
    torch.set_num_threads(1)
    recipe = recipe_for(arm)
    actor, environment = agent_for(recipe, arm, stage).actor, minigrid_environment(recipe)
    state = {"observation": environment.reset(seed=0)[0]}

    @torch.no_grad()
    def step() -> int:
        for _ in range(2000):
            logits = actor(torch.from_numpy(state["observation"])[None])
            action = int(torch.distributions.Categorical(logits=logits).sample())
            state["observation"], _, terminated, truncated, _ = environment.step(action)
            if terminated or truncated:
                state["observation"], _ = environment.reset()
        return 2000

    return timed(step, 1, 3)


def _random_steps(environment: gymnasium.vector.VectorEnv, rows: int) -> tuple[int, float]:
    """A vector environment under random actions, `rows` steps of all its worlds at a time."""
    environment.reset(seed=0)
    actions = np.random.default_rng(0).integers(0, 7, (rows, environment.num_envs))

    def step() -> int:
        for row in actions:
            environment.step(row)
        return actions.size

    return timed(step, 1, 3)


def world_compiled(arm: str, stage: str) -> tuple[int, float]:
    """The compiled world as a Gymnasium vector environment of 32, random actions."""
    return _random_steps(BatchedFetchObstacles(32, recipe_for(arm).world), 1000)


def _world_minigrid(arm: str, count: int) -> tuple[int, float]:
    recipe = recipe_for(arm)
    return _random_steps(gymnasium.vector.SyncVectorEnv([lambda: minigrid_environment(recipe)] * count), 4000 // count)


def world_minigrid_1(arm: str, stage: str) -> tuple[int, float]:
    """MiniGrid, one environment, random actions."""
    return _world_minigrid(arm, 1)


def world_minigrid_32(arm: str, stage: str) -> tuple[int, float]:
    """MiniGrid, 32 environments one after the other, random actions."""
    return _world_minigrid(arm, 32)


SUBJECTS = {
    function.__name__: function
    for function in (
        training,
        training_plain,
        training_distinct,
        training_sb3,
        evaluation,
        evaluation_minigrid,
        world_compiled,
        world_minigrid_1,
        world_minigrid_32,
    )
}


def warm(arm: str, rollouts: int) -> None:
    """Train for some rollouts and keep the weights: what late training starts from."""
    from dataclasses import replace

    from goalsplice.agent.training import train

    for progress in train(replace(recipe_for(arm), rollouts=rollouts), arm, 0):
        last = progress.agent
    torch.save(last.state_dict(), WARM / f"{arm}.pt")


def main() -> None:
    subject, arm, stage = sys.argv[1:]
    if subject == "warm":
        warm(arm, int(stage))
        return
    steps, seconds = SUBJECTS[subject](arm, stage)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"steps": steps, "seconds": seconds, "peak_mib": peak}))


if __name__ == "__main__":
    main()
