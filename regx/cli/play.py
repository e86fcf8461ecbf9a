"""`regx play`."""

from typing import Annotated

from typer import Argument, Option

from regx.cli.options import SeedsOption, SetOption

LEFT_OUT = ("l1", "label_smoothing", "l2_dropout", "l2_dropout_stop")  # of the built-in race: four lanes fit a screen


def command(
    config: Annotated[
        str | None, Argument(metavar="[CONFIG]", help="a config or a race; else the built-in race on the sine")
    ] = None,
    overrides: SetOption = None,
    seeds: SeedsOption = None,
    port: Annotated[int, Option(metavar="N", help="the port of the page; another is taken if it is busy")] = 8477,
    no_browser: Annotated[bool, Option("--no-browser", help="print the address and open nothing")] = False,
) -> None:
    """Open a live page on this machine: lanes that train while you change their data, sizes and strengths."""
    from importlib.util import find_spec

    from regx.config.load import load_any, load_lanes
    from regx.core.errors import InputError
    from regx.report.output import Output

    if any(find_spec(name) is None for name in ("starlette", "uvicorn", "websockets")):
        raise InputError("regx play needs its page's server. Type: pip install 'regx[play]'")
    from regx.play.server import Playground, listen, serve

    settings = tuple(overrides or ())
    few = tuple(f"lanes.{name}=off" for name in LEFT_OUT)
    grid = load_any(config, settings, seeds) if config else load_lanes(None, few + settings, seeds or "5")
    out = Output()
    listening, found = listen(port)
    if port not in (0, found):
        out.note(f"port {port} is taken by another program, so this is port {found}")
    playground = Playground(grid, found)
    out.line(playground.address)
    out.stream.flush()
    if not no_browser:
        import webbrowser

        webbrowser.open(playground.address)
    serve(playground, listening)
