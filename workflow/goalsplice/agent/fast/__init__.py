"""The update of `agent/ppo.py`, and the rollouts and episodes around it, made fast.

The contract: equal to `agent/ppo.py` but for rounding, with the same random numbers. `tests/agent/fast/` holds it:
`test_learner.py` gradients, whole updates and runs of two rollouts, `test_cuda_graph.py` the same on a device, the
others each file against what it stands for. A change here that gains nothing measurable is not worth its lines.

What each file gains, on one core of an Intel processor with AVX-512 where nothing else is said, as a ratio of speeds of
a whole training step (rollout and update), new and late networks, `onehot`; `integers`. Each ratio is to the step
without this file but with those above it. `docs/notes/speed.md` has the conditions and the spread.

    learner.py          each unique observation once: 1.42 and 1.19; 1.33 and 1.21 to the plain update
    backprop.py         backward pass by hand, NumPy's products: 1.17 and 1.23; 1.23 and 1.23; on AMD, with early code,
                        2.0 to 2.5
    first_layer.py      the first layer as sums of table rows: 2.13 and 2.10; 1.44 and 1.43
    inactive_units.py   products without inactive units: 1.03 and 1.36; 1.06 and 1.29; of which sides that OpenBLAS is
                        fast on 0.98 and 1.04; 1.04 and 1.04
    adam.py             clipping and Adam in one pass: 1.01 and 1.07; 1.08 and 1.08
    all of them         3.74 and 4.51; 2.65 and 2.94 to the plain update

    rollout.py          a compiled rollout: 28; 14 times a loop in Python
    episodes.py         a compiled evaluation: 1,349 and 1,066; 1,153 and 1,066 times MiniGrid's own loop
    policy_cache.py     an evaluation with what was computed once kept: 1.5; 1.6 times, edited networks that walk in
                        circles up to 8 times (AMD, late networks)
    inactive_inputs.py  an evaluation's products in blocks of rows, without inactive units, to whole products: 0.90;
                        0.84 new, 0.92; 0.86 after 90 rollouts, 1.11; 1.03 with half of the units inactive (rough: AMD
                        EPYC without AVX-512, beside other work, medians of 40 pairs; outcomes the same). Not measured
                        with AVX-512, where small products may go by routines of their own
    policy.py           weights as these loops want them, no gain of its own

    cuda_graph.py       an update on an H200 as a recorded graph, `onehot`: 139 ms issued one by one, 21 ms replayed;
                        a run of 366 updates: 23 s, on one core 150 to 170 s (`docs/notes/device.md`)
"""
