"""The comparison table in a notebook: a DataFrame with its conclusion as text."""

from pathlib import Path
from typing import Any

import pandas

from regx.notebook.figures import picture
from regx.notebook.output import escaped

SHOWN = ("name", "stack", "verdict", "METRIC", "difference", "difference_low", "difference_high", "p", "val_loss")


class ComparisonTable(pandas.DataFrame):
    """The rows of `regx compare`; what is cut out of it is an ordinary DataFrame."""

    @property
    def _constructor(self) -> Any:
        return pandas.DataFrame

    @property
    def conclusion(self) -> str:
        """What the table says, in sentences."""
        return " ".join(self.attrs.get("conclusion", ()))

    def _repr_html_(self) -> str:
        metric = self["metric"].iloc[0] if len(self) and "metric" in self else "test_loss"
        columns = [metric if key == "METRIC" else key for key in SHOWN]
        rows = pandas.DataFrame(self)[[key for key in dict.fromkeys(columns) if key in self]]
        said = "".join(
            f"<p>{f'<b>{escaped(text)}</b>' if place == 0 else escaped(text)}</p>"
            for place, text in enumerate(self.attrs.get("conclusion", ()))
        )
        drawn = picture(list(map(Path, self["run"])), ["comparison"], metric) if "run" in self else ""
        return f"<div>{said}{rows.to_html(index=False, na_rep='')}{drawn}</div>"


def comparison_table(frame: pandas.DataFrame) -> ComparisonTable:
    """The table that shows itself, with the frame's conclusion."""
    table = ComparisonTable(frame)
    table.attrs = dict(frame.attrs)
    return table
