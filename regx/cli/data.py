"""`regx data`."""

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from regx.cli.options import OutOption, Saying, SetOption


def command(
    config: Annotated[Path, Argument(metavar="CONFIG", help="a config file")],
    out: OutOption,
    saying: Saying,
    seed: Annotated[int, Option(metavar="S", min=0, help="the seed whose draw or split is written")] = 0,
    set: SetOption = None,
    pictures: Annotated[
        bool, Option("--pictures", help="of images also pictures.png: for each class what the steps of training see")
    ] = False,
) -> None:
    """Write train.csv, val.csv and test.csv as the network sees them: the features, then `target`."""
    from regx.config.load import load_config, load_source
    from regx.data.export import export

    dataset = load_source(config, overrides=set or ()).load(seed)
    drawn = None
    if pictures:  # before anything is written
        from regx.figures.pictures import picture_of

        drawn = picture_of(load_config(config, set or ()), seed)
    paths = [str(path) for path in export(dataset, Path(out))]
    if drawn is not None:
        from regx.store.atomic import write_atomically

        paths.append(str(Path(out) / "pictures.png"))
        write_atomically(Path(paths[-1]), drawn)
    output = saying.output()
    output.note(*dataset.notes)
    if output.as_json:
        about = {name: getattr(dataset, name) for name in ("task", "target", "features", "classes", "notes")}
        output.document({"files": paths, "seed": seed, **about})
    else:
        output.lines([path] for path in paths)
