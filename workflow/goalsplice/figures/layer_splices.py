"""What the agent does with some layers of a checkpoint of the other objective, beside controls of equal size."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from goalsplice.figures.recoveries import (
    CONTROLS,
    EFFECTS,
    RECOVERIES,
    Look,
    bound_lines,
    control_entries,
    estimates,
    own_estimates,
    own_rows,
    small_print,
    standing_entries,
)
from goalsplice.figures.style import (
    COLOURS,
    EDGE,
    MARKERS,
    WIDTH,
    arm_name,
    claim,
    interval_of,
    mark,
    mark_group,
    name_at_right,
    note,
    reference_line,
    select,
    span,
    spread,
)
from goalsplice.settings.labels import NO_CONTROL, NO_EDIT

TABLES: dict[str, list[str]] = {
    "splices": ["control", "level_distribution", "action_selection", "levels"],
    "splices_over_seeds": ["arm", "recipient_objective", "donor_objective", "edit", "seed", "value", "low", "high"],
    "recoveries": RECOVERIES,
    "edit_effects": [*EFFECTS, "broken"],
}
"""The tables that `draw` takes, and the columns that it reads of them."""

_NEAR = 0.25  # shares between lines whose names would touch
_DIRECTION = ["donor_objective", "recipient_objective"]
_PARTS = {
    "layer_weights": Look("the layers' weights only", "black", "+"),
    "layer_biases": Look("the layers' biases only", "black", "x"),
}
_SLOTS = [
    ("layers", NO_CONTROL),
    *((family, NO_CONTROL) for family in _PARTS),
    *(("layers", name) for name in CONTROLS if not name.startswith("optimised_")),
]


def _layers(edit: str) -> tuple[str, ...]:
    """The layers that came from the donor."""
    return () if edit == NO_EDIT else tuple(edit.split("+"))


def _draw_both_ways(axes: Axes, rows: pd.DataFrame, edits: list[str], directions: list) -> None:
    """Every seed's share for each edit, the directions side by side, with lines at floor and ceiling."""
    width = 0.8 / len(directions)
    for number, direction in enumerate(directions):
        shift = (number - (len(directions) - 1) / 2) * width
        found = rows[(rows[_DIRECTION] == direction).all(axis=1)]
        for place, edit in enumerate(edits):
            look = COLOURS[direction[0]], MARKERS[direction[0]]
            mark_group(axes, place + shift, select(found, edit=edit), *look, width=0.85 * width)
    names = {}
    for edit, style, name in ((edits[0], ":", "floor:\nno edit"), (edits[-1], "--", "ceiling:\nwhole actor")):
        values = []
        for direction in directions:
            found = rows[(rows[_DIRECTION] == direction).all(axis=1) & (rows["edit"] == edit)]
            values.append(interval_of(found).value)
            reference_line(axes, values[-1], style=style, colour=COLOURS[direction[0]])
        names[name] = (values[0] + values[-1]) / 2
    (lower, low), (upper, high) = sorted(names.items(), key=lambda item: item[1])
    near = high - low < _NEAR
    name_at_right(axes, low, lower, "bottom" if near else "center")
    name_at_right(axes, high, upper, "top" if near else "center")


def _slots() -> dict[tuple[str, str], float]:
    """Where in an edit's column each family and control is."""
    return dict(zip(_SLOTS, spread(len(_SLOTS), 0.86), strict=True))


def _draw_recovery(axes: Axes, effects: pd.DataFrame, own: pd.DataFrame, edits: list[str]) -> None:
    """Recovery of the edits, of their weights and biases alone, and of their controls."""
    bound_lines(axes)
    for (family, control), slot in _slots().items():
        rows = select(effects, family=family, control=control)
        at = [edits.index(edit) + slot for edit in rows["edit"]]
        if family in _PARTS:
            estimates(axes, at, rows, _PARTS[family], markeredgewidth=0.9)
        elif control in CONTROLS:
            estimates(axes, at, rows, CONTROLS[control])
    rows = select(own, family="layers")
    slot = _slots()["layers", NO_CONTROL]
    own_estimates(axes, [edits.index(edit) + slot for edit in rows["edit"]], rows)


def _draw_broken(axes: Axes, effects: pd.DataFrame, edits: list[str]) -> None:
    """Interquartile means of the episodes that crash or run out of time, for the same networks."""
    for (family, control), slot in _slots().items():
        values = select(effects, family=family, control=control).set_index("edit")["broken"]
        look = _PARTS.get(family) or CONTROLS.get(control, Look("", "black", "o"))
        edge = {"markeredgewidth": 0.9} if family in _PARTS else EDGE
        axes.plot(
            *([edits.index(edit) + slot for edit in values.index], values, look.marker),
            **{"color": look.colour, "markersize": 3.4, "clip_on": False, **edge},
        )


def _draw_sets(axes: Axes, edits: list[str]) -> None:
    """A filled dot where a layer comes from the donor, a hollow one where it is the recipient's."""
    layers = list(_layers(edits[-1]))
    for place, edit in enumerate(edits):
        rows = [row for row, layer in enumerate(layers) if layer in _layers(edit)]
        axes.plot([place] * len(layers), range(len(layers)), "o", color="0.8", markersize=4.5, markerfacecolor="white")
        axes.plot([place] * len(rows), rows, "o-", color="black", markersize=5, linewidth=1.2)
    axes.set_yticks(range(len(layers)), [layer.replace("layer", "layer ") for layer in layers])
    axes.set_ylim(len(layers) - 0.4, -0.6)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set_xticks([])
    axes.set_xlabel("layers from the donor (filled); the others are the recipient's", loc="left")


def _best(own: pd.DataFrame) -> str:
    """The best single layer and the best two, with what they recover."""
    found = []
    rows = select(own, family="layers").dropna(subset="recovery")
    for count in (1, 2):
        of_size = rows[rows["edit"].map(lambda edit: len(_layers(edit))) == count]
        if len(of_size):
            best = of_size.loc[of_size["recovery"].idxmax()]
            name = best["edit"].replace("layer", "").replace("+", " and ")
            found.append(f"layer{'s' * (count > 1)} {name} {best['recovery']:.2f}")
    return f": most recovery by {', by '.join(found)}" if found else ""


def draw(tables: dict[str, pd.DataFrame], config: dict) -> Figure:
    """Draw three panels for each arm, both ways, recovery with controls, and broken episodes, above a grid of sets."""
    splices = tables["splices"]
    families = ["layers", *_PARTS]
    by_seed, effects = (select(tables[name], family=families) for name in ("recoveries", "edit_effects"))
    rows, own = tables["splices_over_seeds"], own_rows(effects)
    arms = list(rows["arm"].unique())
    edits = sorted(rows["edit"].unique(), key=lambda edit: (len(_layers(edit)), _layers(edit)))
    directions = sorted(
        map(list, rows[_DIRECTION].drop_duplicates().to_numpy()), key=lambda pair: list(COLOURS).index(pair[0])
    )
    figure = Figure(figsize=(WIDTH, 2.8 + 2.6 * len(arms)))
    panels = figure.subplots(3 * len(arms) + 1, 1, sharex=True, height_ratios=[2.6, 2.6, 1] * len(arms) + [1.3])
    most = 0.1
    for arm, taken, recovery, broken in zip(arms, panels[:-1:3], panels[1::3], panels[2::3], strict=True):
        _draw_both_ways(taken, rows[rows["arm"] == arm], edits, directions)
        _draw_recovery(recovery, select(effects, arm=arm), select(own, arm=arm), edits)
        _draw_broken(broken, select(effects, arm=arm), edits)
        most = max(most, broken.get_ylim()[1])
        taken.set_title(arm_name(arm) + _best(select(own, arm=arm)))
        taken.set_ylabel("share of episodes")
        taken.set_ylim(-0.03, 1.03)
        recovery.set_ylabel("recovery")
        broken.set_ylabel("broken")
    for axes in panels[2:-1:3]:
        axes.set_ylim(-0.06 * most, most)
    for axes in panels[:-1]:
        axes.tick_params(axis="x", length=0)
        axes.grid(axis="y", color="0.9", linewidth=0.6)
        axes.set_axisbelow(True)
    _draw_sets(panels[-1], edits)
    for axes in panels:
        for place in range(0, len(edits)):
            if len(_layers(edits[place])) % 2:
                axes.axvspan(place - 0.5, place + 0.5, color="0.96", linewidth=0, zorder=0)
    panels[-1].set_xlim(-0.6, len(edits) - 0.4)
    entries = [
        *(
            mark(f"from {donor} into {recipient}: a seed", COLOURS[donor], MARKERS[donor])
            for donor, recipient in directions
        ),
        *standing_entries(select(own, family="layers"))[1:],
        *(mark(look.label, look.colour, look.marker) for look in _PARTS.values()),
        *control_entries(effects["control"]),
    ]
    claim(figure, "Which layers carry the choice?", entries, columns=3)
    level_distribution, action_selection = (
        " and ".join(splices[column].unique()) for column in ("level_distribution", "action_selection")
    )
    played = [span(rows["levels"]) for _, rows in splices.groupby(splices["control"] != NO_CONTROL)]
    note(
        figure,
        small_print(
            effects,
            by_seed,
            "Share: episodes that take the donor's colour. Broken: episodes that crash or run out of time. "
            f"Levels: {', for controls '.join(played)}; {level_distribution}, {action_selection}.",
        ),
    )
    return figure
