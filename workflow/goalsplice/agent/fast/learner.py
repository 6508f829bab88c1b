"""The update of `agent/ppo.py` on unique observations, compiled, with the backward pass by hand.

A network gives equal outputs for equal observations, and many steps of a minibatch see the same thing. So the networks
run on the unique observations only, and a unique observation's gradient is the sum over the steps that saw it. That is
exact; see `docs/notes/speed.md`. For each minibatch: the loss's gradient by the networks' outputs
(`surrogate_gradient`), back through the networks (`backprop.py`), clipping and a step of Adam (`adam.py`).
"""

import numpy as np

from goalsplice.agent.elementary import exp, log
from goalsplice.agent.fast.adam import Adam
from goalsplice.agent.fast.backprop import Propagation
from goalsplice.agent.network import Agent, flatten
from goalsplice.agent.ppo import Losses, advantages_and_returns, observations
from goalsplice.agent.recipe import Recipe
from goalsplice.agent.rollout import Rollout
from goalsplice.io.compiled import njit

_ROWS_MULTIPLE = {"float32": 1, "medium": 256}
"""Rows of the networks' inputs are padded to a multiple of this. Reduced precision runs in oneDNN, which makes a kernel
for each number of rows: a number that differs from call to call would take several times as long as the product."""


@njit(error_model="numpy")
def log_softmax(logits, log_probabilities, probabilities):
    """Rows' log-probabilities and probabilities (n, A), into the last two, from logits (n, A)."""
    for i in range(logits.shape[0]):
        top = logits[i, 0]
        for k in range(1, logits.shape[1]):
            top = max(top, logits[i, k])
        total = np.float32(0)
        for k in range(logits.shape[1]):
            probabilities[i, k] = exp(logits[i, k] - top)
            total += probabilities[i, k]
        log_total = top + np.float32(log(total))
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

    `ppo.surrogate_loss` defines the loss.

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
    deviation = np.sqrt(((chosen - mean) * (chosen - mean)).sum() / (count - 1)) + np.float32(1e-8)

    statistics = np.zeros(5)
    seen = np.zeros(observations, dtype=np.float32)
    logits_gradient[:] = 0
    values_gradient[:] = 0
    for place in range(count):
        step, i = steps[place], inverse[place]
        action = actions[step]
        seen[i] += 1
        log_ratio = log_probabilities[i, action] - old_log_probabilities[step]
        ratio = exp(log_ratio)
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
        codes, inverse = np.unique(observations(rollout), return_inverse=True)
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
