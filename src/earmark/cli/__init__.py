"""The command line: one module a verb. Parse, call, print; data on stdout, talk on stderr.

Exit codes: 0 done, 1 fatal, 2 configuration, 3 finished with skipped or failed conversations, 75 come back
later, 129 / 130 / 143 stopped by a signal.
"""

from __future__ import annotations

import sys

import typer

from earmark.cli import (
    calibrate,
    catalog,
    common,
    config,
    demo,
    doctor,
    erase,
    evaluate,
    extract,
    report,
    resume,
    rethreshold,
    run,
    runs,
    sandbox,
    show,
    streams,
    train,
    undo,
)
from earmark.errors import EarmarkError

app = typer.Typer(
    name="earmark",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Find the products and issues in finished chats, write them back as attributes, and report them.",
)
app.command("run")(run.run)
app.command("plan")(run.plan)
app.command("resume")(resume.resume)
app.command("rethreshold")(rethreshold.rethreshold)
app.command("undo")(undo.undo)
app.command("erase")(erase.erase)
app.command("extract")(extract.extract)
app.command("evaluate")(evaluate.evaluate)
app.command("train")(train.train)
app.command("calibrate")(calibrate.calibrate)
app.add_typer(catalog.app, name="catalog")
app.command("report")(report.report)
app.command("runs")(runs.runs)
app.command("show")(show.show)
app.command("doctor")(doctor.doctor)
app.command("setup-schema")(doctor.setup_schema)
app.command("sandbox")(sandbox.sandbox)
app.command("config")(config.config)
app.command("demo")(demo.demo)


@app.callback(invoke_without_command=True)
def _root(version: bool = typer.Option(False, "--version", help="Show the version and exit.")) -> None:
    if version:
        from earmark import __version__

        print(__version__)
        raise typer.Exit


def main() -> None:
    """Run the command line; an error becomes one line, a next step and an exit code."""
    streams.make_lasting()
    try:
        try:
            app()
        finally:
            sys.stdout.flush()
    except EarmarkError as error:
        common.talk(f"error: {error}")
        if error.hint:
            common.talk(f"  try: {error.hint}")
        for note in getattr(error, "__notes__", ()):
            common.talk(f"  {note}")
        sys.exit(error.exit_code)
    except OSError as error:
        print(f"error: {error.filename or 'the output'} cannot be used: {error.strerror}", file=sys.stderr)
        streams.discard(sys.stdout.fileno())
        sys.exit(1)
