"""The figure of the probes shows in each line the rows that its name says."""

import pytest

from figures.over_seeds_tables import table_over_seeds
from figures.probe_tables import VALUES, probes_table
from goalsplice.figures import probes
from goalsplice.figures.style import styled


@pytest.mark.parametrize("seeds", [(99,), (99, 1, 2)])
def test_each_line_shows_its_rows(seeds):
    tables = {"probes": probes_table(seeds)}
    tables["probes_over_seeds"] = table_over_seeds("probes", tables, [])
    with styled():
        figure = probes.draw({name: tables[name][columns] for name, columns in probes.TABLES.items()}, {})
    places = ["wanted", "unwanted", "never", "untrained"]
    transfers = ["same", "role", "colour", "yellow", "permuted"]
    for part, expected in zip(figure.subfigs, (places, transfers, transfers, ["later", "drawn"]), strict=True):
        (axes,) = part.axes
        joined = [line for line in axes.lines if len(line.get_xdata()) > 2 and line.get_linewidth() == 0.9]
        assert [set(line.get_ydata().round(6)) for line in joined] == [{VALUES[name]} for name in expected]
        shown = {round(float(value), 6) for line in axes.lines for value in line.get_ydata() if value == value}
        assert VALUES["elsewhere"] not in shown
