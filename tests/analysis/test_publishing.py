"""README's table of edits for the new colour."""

import numpy as np
import pandas as pd

from goalsplice.analysis.publishing import retargets_text


def effect(family, edit, yellow, control="none", dose=np.nan, arm="onehot", layouts="three_colours"):
    known = {"arm": arm, "layouts": layouts, "family": family, "edit": edit, "dose": dose, "control": control}
    interval = {"share_yellow": yellow, "share_yellow_low": yellow - 0.01, "share_yellow_high": yellow + 0.01}
    return {**known, **interval, "lowest": yellow - 0.05, "return_yellow": 0.9 * yellow, "share": 0.005}


def test_the_strongest_control_stands_beside_the_edit():
    rows = [
        effect("bounds", "none", 0.02),
        effect("chosen", "few weights", 0.9),
        effect("chosen", "few weights", 0.2, "noise"),
        effect("chosen", "few weights", 0.3, "equal_effort"),
        effect("chosen", "few weights", 0.5, layouts="training"),
        effect("contrast", "full", 0.7, dose=1.0),
        effect("contrast", "full", 0.6, dose=2.0),
        effect("chosen", "below layer 1", 0.8, arm="integers"),
    ]
    lines = retargets_text(pd.DataFrame(rows)).splitlines()
    few = next(line for line in lines if "few weights" in line)
    assert few.endswith("| 90.0 [89.0, 91.0] | 85.0 | 0.810 | 0.5 | 30.0 (equal effort) |")
    contrast = next(line for line in lines if "whole contrast" in line)
    assert "| 70.0 [69.0, 71.0] |" in contrast, "the dose that is named"
    assert sum("`integers`" in line for line in lines) == 1, "what an arm lacks has no row"
    assert not any("swap" in line or "switch" in line for line in lines)
