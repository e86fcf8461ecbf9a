"""What the page says of its pictures. What it says of runs is `report.conclusion`'s, as on the terminal."""

from regx.data.dataset import Dataset
from regx.page.surface import DrawnSurface


def picture(surface: DrawnSurface) -> dict[str, str]:
    """What the picture of a prediction is of, in the plural if it is, what it shows, and how that is to be read."""
    points = "signs are the training points by their label"
    if surface.where.is_line:
        test = "the dotted line is" if surface.test_is_a_curve else "dots are"
        return {
            "of": "fitted curves",
            "shows": "Fitted curves of the runs over the training points",
            "reads": f"Fitted curves; circles are the training points, {test} the test split.",
        }
    of, reads = {
        "binary": ("boundary", f"Probability over the two features; the line is the boundary, {points}"),
        "multiclass": ("map of classes", f"Areas are the most probable class at each place, {points}"),
        "regression": ("map of predictions", "Prediction over the two features; circles are the training points."),
    }[surface.dataset.task]
    return {"of": of, "shows": f"The {of} over the two features, with the training points", "reads": reads}


def undrawable(dataset: Dataset) -> str:
    """Why there is no picture of what networks on this dataset predict."""
    features, outputs = dataset.train.x.shape[1], dataset.train.y.shape[1]
    has = f"{features:,} features" if features > 1 else f"one feature and {outputs} classes"
    return (
        f"There is no fit or boundary to draw: the data has {has}, and a picture has room for one feature and one "
        "output, or for two features."
    )
