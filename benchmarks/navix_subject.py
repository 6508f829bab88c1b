"""NAVIX's own PPO on its own Dynamic-Obstacles world, in JAX: what `run.py --navix-python` starts.

Runs in an environment of its own (`navix.txt`) and so imports nothing of this study: sizes are written out here, as
config.yaml has them, and a test compares them. Prints one line of JSON, as `subjects.py` does. Source: NAVIX
(Pignatelli et al. 2024).

As in the study: a grid of 6x6 with four things in it besides the agent, episodes of at most 180 steps, side of the
view, number of inputs, layers of both networks, sizes of rollout and minibatches, epochs, and those coefficients of
PPO that NAVIX has. What differs:

- the world: three balls and a goal, with NAVIX's rules, and a new episode takes a step to begin;
- no weight decay, no bootstrapping where an episode ran out of time, initial weights of Flax's kind;
- values and advantages are computed anew in each epoch;
- the inputs of `integers` are NAVIX's own view; those of `onehot` are made here from its view, as MiniGrid makes them.
"""

# ruff: noqa: E402 (JAX and NAVIX look at what is set below when they are imported)

import argparse
import json
import os
import sys
import time
import types
from unittest import mock

# XLA reads this once, when JAX starts. `run.py` gives each process a core of its own beside.
os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
# NAVIX imports Weights & Biases, only to log to it, which it does not do unless it is asked.
for name in ("wandb", "wandb.util"):
    sys.modules[name] = types.ModuleType(name)

import flax.linen as nn
import jax
import jax.numpy as jnp
import navix
from memory import peak_mib
from navix import observations
from navix.agents import PPO, ActorCritic, PPOHparams

WORLD = "Navix-Dynamic-Obstacles-6x6-Random-v0"
MAX_STEPS = 180
HIDDEN = 128
GAMMA = 0.99
VIEW_SIZE = {"onehot": 5, "integers": 7}
VALUES = (11, 6, 3)
"""How many types, colours and states a cell can show in MiniGrid's one-hot encoding."""

SIZES = {"num_envs": 32, "num_steps": 512, "num_minibatches": 4, "num_epochs": 8}
COEFFICIENTS = {
    "gae_lambda": 0.95,
    "clip_eps": 0.2,
    "ent_coef": 0.01,
    "vf_coef": 5e-4,
    "max_grad_norm": 0.5,
    "lr": 7.5e-4,
    "anneal_lr": False,
    "clip_value_loss": False,
}


def inputs_of(arm: str, state: navix.states.State) -> jax.Array:
    """What the agent sees, as the network's inputs: float32 (500,) or (147,)."""
    image = observations.symbolic_first_person(state)
    if arm == "onehot":
        image = jnp.concatenate([jax.nn.one_hot(image[..., part], count) for part, count in enumerate(VALUES)], axis=-1)
    return image.astype(jnp.float32).ravel()


def environment_for(arm: str) -> navix.Environment:
    """NAVIX's world with the arm's view and inputs."""
    observations.set_radius(VIEW_SIZE[arm] // 2)
    inputs = VIEW_SIZE[arm] ** 2 * (sum(VALUES) if arm == "onehot" else len(VALUES))
    space = navix.spaces.Continuous.create(shape=(inputs,), minimum=jnp.asarray(0.0), maximum=jnp.asarray(255.0))
    return navix.make(
        WORLD,
        max_steps=MAX_STEPS,
        observation_fn=lambda state: inputs_of(arm, state),
        observation_space=space,
        gamma=GAMMA,
    )


def agent_for(arm: str, steps: int, sizes: dict[str, int]) -> PPO:
    """NAVIX's agent, to be trained for `steps` environment steps."""
    environment = environment_for(arm)

    def hidden(layers: int) -> nn.Sequential:
        return nn.Sequential([part for _ in range(layers) for part in (nn.Dense(HIDDEN), nn.relu)])

    network = ActorCritic(len(environment.action_set), actor_encoder=hidden(3), critic_encoder=hidden(2))
    return PPO(hparams=PPOHparams(budget=steps, **sizes, **COEFFICIENTS), network=network, env=environment)


def training(arm: str, rollouts: int, sizes: dict[str, int]) -> tuple[int, float]:
    """Environment steps and seconds of a training of some rollouts, compiled and run once beforehand."""
    steps = rollouts * sizes["num_envs"] * sizes["num_steps"]
    first, second = jax.random.split(jax.random.key(0))
    train = jax.jit(agent_for(arm, steps, sizes).train)
    # NAVIX writes the time that tracing took into its program. Without that, what one process compiled serves others.
    with mock.patch("time.time", return_value=0.0):
        program = train.lower(first).compile()
    jax.block_until_ready(program(first))
    start = time.perf_counter()
    jax.block_until_ready(program(second))
    return steps, time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("subject", choices=["training_navix"])
    parser.add_argument("arm", choices=VIEW_SIZE)
    parser.add_argument("stage", help="does not matter: the cost does not depend on what is seen")
    parser.add_argument("--folder", help="where compiled programs are kept")
    parser.add_argument("--quick", action="store_true", help="one short rollout")
    options = parser.parse_args()
    if options.folder:
        jax.config.update("jax_compilation_cache_dir", options.folder)
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 1)
    rollouts, sizes = (1, SIZES | {"num_steps": 64}) if options.quick else (2, SIZES)
    steps, seconds = training(options.arm, rollouts, sizes)
    print(json.dumps({"steps": steps, "seconds": seconds, "peak_mib": peak_mib()}))


if __name__ == "__main__":
    main()
