"""Proximal policy optimisation (Schulman et al. 2017), top to bottom: what happens after each rollout.

1. The rollout's unique observations are found; values and log-probabilities are computed on them (`learn`).
2. Advantages by generalised advantage estimation (Schulman et al. 2016; `estimate_advantages`).
3. Some epochs, each over a new permutation of the steps, cut into minibatches. For each minibatch:
   the loss and its gradient by the networks' outputs (`surrogate_gradient`), back through the networks
   (`Propagation`), clipping of the gradient's norm, one step of Adam.

A network gives equal outputs for equal observations, and many steps of a minibatch see the same thing. So the networks
run on the unique observations only, and a unique observation's gradient is the sum over the steps that saw it.
That is exact; see `docs/speed.md`.

Source: the recipe that the post's author published, which follows CleanRL's implementation of PPO. One difference: an
episode that ran out of time is bootstrapped from the value of its last observation.
"""

from typing import NamedTuple

import numpy as np

from goalsplice.agent.fast.adam import Adam
from goalsplice.agent.fast.backprop import Propagation
from goalsplice.agent.fast.rollout import NO_CODE, Rollout
from goalsplice.agent.network import Agent, flatten
from goalsplice.agent.recipe import Recipe
from goalsplice.io.compiled import njit
from goalsplice.world.simulator import RUNNING, TIMEOUT


class Losses(NamedTuple):
    """What an update reports: means over all minibatches of all epochs.

    Attributes:
        policy_loss: clipped surrogate loss.
        value_loss: half the mean squared error of the values, before its coefficient.
        entropy: of the policy, in nats, mean over the steps.
        approximate_kl: mean of ratio - 1 - log(ratio), in nats (Schulman 2020).
        clip_fraction: share of steps whose ratio left [1 - clip, 1 + clip].
        gradient_norm: of actor and critic together, before clipping.
    """

    policy_loss: float
    value_loss: float
    entropy: float
    approximate_kl: float
    clip_fraction: float
    gradient_norm: float


_ROWS_MULTIPLE = {"float32": 1, "medium": 256}
"""Rows of the networks' inputs are padded to a multiple of this. Reduced precision runs in oneDNN, which makes a kernel
for each number of rows: a number that differs from call to call would take several times as long as the product."""


@njit
def estimate_advantages(rewards, values, outcomes, final_values, last_values, gamma, gae_lambda):
    """Advantages by GAE: float32 (T, N).

    Args:
        rewards, values: float32 (T, N), values of the observations before each step.
        outcomes: int64 (T, N), as in `Rollout`.
        final_values: float32 (T, N), value of the last observation where an episode was truncated.
        last_values: float32 (N,), value of what is seen after the last step.
        gamma, gae_lambda: discount, and GAE's lambda.
    """
    steps, count = rewards.shape
    advantages = np.empty_like(rewards)
    for i in range(count):
        advantage = 0.0
        next_value = last_values[i]
        for step in range(steps - 1, -1, -1):
            outcome = outcomes[step, i]
            if outcome != RUNNING:
                advantage = 0.0
                next_value = final_values[step, i] if outcome == TIMEOUT else np.float32(0)
            delta = rewards[step, i] + gamma * next_value - values[step, i]
            advantage = delta + gamma * gae_lambda * advantage
            advantages[step, i] = advantage
            next_value = values[step, i]
    return advantages


def unique_observations(rollout: Rollout) -> tuple[np.ndarray, np.ndarray]:
    """What a rollout saw: its unique codes, sorted, and for each observation the place of its code among them.

    Observations are those of all T * N steps, step by step; then the N after the last step; then the last one of each
    episode that was truncated, in the order of the steps.
    """
    truncated = rollout.final_codes != NO_CODE
    return np.unique(
        np.concatenate([rollout.codes.ravel(), rollout.last_codes, rollout.final_codes[truncated]]),
        return_inverse=True,
    )


def advantages_and_returns(rollout: Rollout, values: np.ndarray, recipe: Recipe) -> tuple[np.ndarray, np.ndarray]:
    """Advantages and what the values should have been, of all steps: float32 (T * N,) each.

    Args:
        values: float32, of the observations in the order of `unique_observations`.
    """
    of_steps, of_last, of_truncated = np.split(values, [recipe.batch_size, recipe.batch_size + recipe.num_envs])
    of_steps = of_steps.reshape(rollout.rewards.shape)
    final_values = np.zeros_like(of_steps)
    final_values[rollout.final_codes != NO_CODE] = of_truncated
    advantages = estimate_advantages(
        rollout.rewards, of_steps, rollout.outcomes, final_values, of_last, recipe.gamma, recipe.gae_lambda
    )
    return advantages.ravel(), (advantages + of_steps).ravel()


@njit(error_model="numpy")
def log_softmax(logits, log_probabilities, probabilities):
    """Rows' log-probabilities and probabilities (n, A), into the last two, from logits (n, A)."""
    for i in range(logits.shape[0]):
        top = logits[i, 0]
        for k in range(1, logits.shape[1]):
            top = max(top, logits[i, k])
        total = np.float32(0)
        for k in range(logits.shape[1]):
            probabilities[i, k] = np.exp(logits[i, k] - top)
            total += probabilities[i, k]
        log_total = top + np.log(total)
        for k in range(logits.shape[1]):
            log_probabilities[i, k] = logits[i, k] - log_total
            probabilities[i, k] /= total


@njit(error_model="numpy")
def surrogate_gradient(
    logits,
    values,
    inverse,
    steps,
    actions,
    old_log_probabilities,
    advantages,
    returns,
    clip_coefficient,
    entropy_coefficient,
    value_coefficient,
    logits_gradient,
    values_gradient,
):
    """Gradient of PPO's loss on a minibatch of M steps, of a rollout's B, that saw D unique observations.

    The loss is mean(max(-A r, -A clip(r))) - entropy_coefficient * mean(H) + value_coefficient * mean((V - R)^2) / 2
    with r the probability ratio, A the advantage normalised over the minibatch, H the policy's entropy.

    Args:
        logits, values: float32 (D, 7) and (D, 1), the networks' outputs.
        inverse: int64 (M,), the unique observation that each step saw.
        steps: int64 (M,), the minibatch: places in the following.
        actions, old_log_probabilities, advantages, returns: (B,).
        logits_gradient, values_gradient: (D, 7) and (D, 1), or more columns, overwritten with the result; further
            columns become zero.

    Returns:
        float64 (5,): policy loss, value loss, entropy, approximate KL, clip fraction.
    """
    observations, count = logits.shape[0], inverse.size
    log_probabilities, probabilities = np.empty_like(logits), np.empty_like(logits)
    log_softmax(logits, log_probabilities, probabilities)

    chosen = advantages[steps]
    mean = chosen.mean()
    deviation = np.sqrt(((chosen - mean) ** 2).sum() / (count - 1)) + np.float32(1e-8)

    statistics = np.zeros(5)
    seen = np.zeros(observations, dtype=np.float32)
    logits_gradient[:] = 0
    values_gradient[:] = 0
    for place in range(count):
        step, i = steps[place], inverse[place]
        action = actions[step]
        seen[i] += 1
        log_ratio = log_probabilities[i, action] - old_log_probabilities[step]
        ratio = np.exp(log_ratio)
        advantage = (advantages[step] - mean) / deviation
        clipped = min(max(ratio, 1 - clip_coefficient), 1 + clip_coefficient)
        loss, clipped_loss = -advantage * ratio, -advantage * clipped
        if loss >= clipped_loss:
            # Here by the chosen action's log-probability; carried to the logits below.
            logits_gradient[i, action] += loss / count
        error = values[i, 0] - returns[step]
        values_gradient[i, 0] += value_coefficient * error / count
        statistics[0] += max(loss, clipped_loss)
        statistics[1] += 0.5 * error * error
        statistics[3] += ratio - 1 - log_ratio
        statistics[4] += abs(ratio - 1) > clip_coefficient

    for i in range(observations):
        entropy = np.float32(0)
        total = np.float32(0)
        for k in range(logits.shape[1]):
            entropy -= probabilities[i, k] * log_probabilities[i, k]
            total += logits_gradient[i, k]
        weight = entropy_coefficient * seen[i] / count
        statistics[2] += entropy * seen[i]
        for k in range(logits.shape[1]):
            logits_gradient[i, k] += probabilities[i, k] * (weight * (log_probabilities[i, k] + entropy) - total)
    return statistics / count


@njit
def unique(inverse, steps, number_of, chosen, local):
    """Number the unique values of inverse[steps] in the order of their first occurrence.

    Args:
        inverse: int64 (B,).
        steps: int64 (M,), places in `inverse`.
        number_of: int64 scratch, as long as there are possible values.
        chosen: int64 (M,), overwritten: the unique values.
        local: int64 (M,), overwritten: chosen[local] == inverse[steps].

    Returns:
        How many unique values there are.
    """
    number_of[:] = -1
    count = 0
    for place in range(steps.size):
        value = inverse[steps[place]]
        if number_of[value] < 0:
            number_of[value] = count
            chosen[count] = value
            count += 1
        local[place] = number_of[value]
    return count


class Learner:
    """Actor, critic and Adam, with the buffers that their updates use.

    Args:
        agent: on the CPU, float32; changed in place by `learn`.
        recipe: sizes and coefficients.
    """

    def __init__(self, agent: Agent, recipe: Recipe):
        self.agent, self.recipe, self.encoding = agent, recipe, recipe.world
        self.flat = flatten(agent)
        self._adam = Adam(
            self.flat.detach().numpy(),
            recipe.learning_rate,
            recipe.adam_epsilon,
            recipe.weight_decay,
            recipe.max_gradient_norm,
            recipe.decoupled_decay,
        )
        self._gradient = self.flat.grad.numpy()
        minibatch = recipe.batch_size // recipe.minibatches
        self._multiple = _ROWS_MULTIPLE[recipe.precision]
        capacity = self._padded(minibatch)
        self.actor = Propagation(agent.actor, self.encoding, capacity, recipe.precision)
        self.critic = Propagation(agent.critic, self.encoding, capacity, recipe.precision)
        self._chosen, self._local = np.empty(capacity, dtype=np.int64), np.empty(minibatch, dtype=np.int64)
        self._logits_gradient = np.empty((capacity, self.actor.columns), dtype=np.float32)
        self._values_gradient = np.empty((capacity, self.critic.columns), dtype=np.float32)

    def state(self) -> dict[str, np.ndarray]:
        """All that learning changes: flat weights and Adam's moments, float32, actor first, and Adam's steps."""
        return {
            "weights": self._adam.weights.copy(),
            "exp_avg": self._adam.exp_avg.copy(),
            "exp_avg_sq": self._adam.exp_avg_sq.copy(),
            "step": np.array(self._adam.steps),
        }

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Go on from what `state` returned."""
        self._adam.weights[:] = state["weights"]
        self._adam.exp_avg[:] = state["exp_avg"]
        self._adam.exp_avg_sq[:] = state["exp_avg_sq"]
        self._adam.steps = int(state["step"])

    def _padded(self, count: int) -> int:
        return -(-count // self._multiple) * self._multiple

    def evaluate(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Log-probabilities (n, 7) and values (n,) of observations given as rows (n, 5)."""
        log_probabilities = np.empty((len(rows), self.agent.actor[-1].out_features), dtype=np.float32)
        values = np.empty(len(rows), dtype=np.float32)
        for start in range(0, len(rows), len(self._chosen)):
            part = slice(start, start + len(self._chosen))
            log_softmax(self.actor.forward(rows[part]), log_probabilities[part], np.empty_like(log_probabilities[part]))
            values[part] = self.critic.forward(rows[part])[:, 0]
        return log_probabilities, values

    def learn(self, rollout: Rollout, generator: np.random.Generator) -> Losses:
        """One update from one rollout; `generator` draws the minibatches."""
        recipe = self.recipe
        for network in (self.actor, self.critic):
            network.forget_order()
        codes, inverse = unique_observations(rollout)
        rows = self.encoding.rows(codes)
        log_probabilities, values = self.evaluate(rows)

        advantages, returns = advantages_and_returns(rollout, values[inverse], recipe)
        batch = recipe.batch_size
        inverse, actions = inverse[:batch], rollout.actions.ravel()
        old_log_probabilities = log_probabilities[inverse, actions]

        number_of = np.empty(len(codes), dtype=np.int64)
        totals = np.zeros(len(Losses._fields))
        for _ in range(recipe.update_epochs):
            for steps in np.split(generator.permutation(batch), recipe.minibatches):
                seen = unique(inverse, steps, number_of, self._chosen, self._local)
                count = self._padded(seen)
                # Any observation will do: no step of the minibatch points to these, so their gradient is zero.
                self._chosen[seen:count] = self._chosen[0]
                # In a quarter of the time that indexing takes.
                minibatch_rows = np.take(rows, self._chosen[:count], axis=0)
                logits = self.actor.forward(minibatch_rows)
                minibatch_values = self.critic.forward(minibatch_rows)
                logits_gradient, values_gradient = self._logits_gradient[:count], self._values_gradient[:count]
                totals[:-1] += surrogate_gradient(
                    logits,
                    minibatch_values,
                    self._local,
                    steps,
                    actions,
                    old_log_probabilities,
                    advantages,
                    returns,
                    recipe.clip_coefficient,
                    recipe.entropy_coefficient,
                    recipe.value_coefficient,
                    logits_gradient,
                    values_gradient,
                )
                self.actor.backward(logits_gradient)
                self.critic.backward(values_gradient)
                totals[-1] += self._adam.step(self._gradient)
        return Losses(*(totals / (recipe.update_epochs * recipe.minibatches)).tolist())
