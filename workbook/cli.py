"""The command ``workbook``: run the pipeline, try functions, serve the local AWS, make the book."""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson

from workbook.localaws import command

DEFAULT_PORT = 4566
INTERRUPTED = 130  # the exit status after SIGINT, as shells have it

# Each command imports its code only when it runs: together these imports take over a second.


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit status."""
    options = _parser().parse_args(arguments)
    try:
        status: int = options.do(options)
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return INTERRUPTED
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="workbook", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")

    run = commands.add_parser(
        "run",
        help="send the flights of 2013 through the pipeline and check the published answers",
        description="Send flights through producer, stream, function and output stream on a local "
        "AWS, and check the published answers. Exit status 1: flights were lost or an answer is "
        "wrong.",
    )
    run.add_argument(
        "--flights",
        type=_positive,
        metavar="N",
        help="only the first N flights, in arrival order (default: all 336,776)",
    )
    run.add_argument(
        "--lake",
        action="store_true",
        help="send the output through Firehose into Parquet files, and answer in SQL",
    )
    run.add_argument(
        "--json", type=Path, metavar="FILE", help="write the report to FILE too, as JSON"
    )
    run.set_defaults(do=_run)

    _add_try(commands)
    capture = commands.add_parser(
        "capture",
        help="save the records of a stream, for `workbook try`",
        description="Write all records that a stream keeps to a file, one JSON object per line, "
        "with keys, times and sequence numbers.",
    )
    capture.add_argument("stream", metavar="STREAM")
    capture.add_argument("--out", type=Path, required=True, metavar="FILE")
    capture.add_argument(
        "--target",
        metavar="WHERE",
        help="an endpoint's URL, or aws for real AWS (default: the value of WORKBOOK_AWS, or "
        f"http://127.0.0.1:{DEFAULT_PORT})",
    )
    capture.set_defaults(do=_capture)

    serve = commands.add_parser(
        "serve",
        help="run the local AWS in the foreground, for any AWS client",
        description="Run the local AWS until Ctrl+C. When it is ready, it prints its URL.",
    )
    command.add_arguments(serve, port=DEFAULT_PORT)
    serve.set_defaults(do=_serve)

    make = commands.add_parser(
        "book",
        help="run the notebooks whose outputs are out of date, and store their outputs",
        description="Run notebooks, each alone in a fresh kernel, and store their outputs in "
        "them; write all as HTML to build/book. Exit status 1: one failed, or breaks a rule of the "
        "book.",
    )
    make.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="run notebooks whose names start with this (default: those whose code has changed)",
    )
    make.add_argument("--check", action="store_true", help="run all and store nothing")
    make.set_defaults(do=_book)

    check = commands.add_parser(
        "links",
        help="check the links of notebooks and documents; needs a network",
        description="Check that each link of the notebooks and documents is well-formed, leads to "
        "an existing file or heading, and responds. Exit status 1: a link is broken.",
    )
    check.set_defaults(do=_links)
    return parser


def _add_try(commands: Any) -> None:
    trial = commands.add_parser(
        "try",
        allow_abbrev=False,
        help="try your own function with your own records",
        description="Deploy a function behind a stream on a fresh local AWS, send records, "
        "wait until each is processed or given up, and show the outcome. Exit status 0: all were "
        "processed; 1: not all; 2: something cannot be used.",
    )
    trial.add_argument(
        "function",
        metavar="FILE[:FUNCTION]",
        help="a Python file, folder or zip; after a colon, the function in it, if several fit",
    )
    trial.add_argument(
        "--records",
        type=Path,
        required=True,
        metavar="FILE",
        help="JSON lines, a JSON array, CSV, Parquet, a recorded Lambda event, or a capture",
    )
    trial.add_argument("--key", metavar="COLUMN", help="the column with the partition key")
    many: dict[str, Any] = {"action": "append", "default": []}
    trial.add_argument(
        "--mapping",
        **many,
        metavar="NAME=VALUE",
        help="a setting of the event source mapping, such as BatchSize=10",
    )
    trial.add_argument(
        "--env", **many, metavar="NAME=VALUE", help="an environment variable of the function"
    )
    trial.add_argument(
        "--requirements",
        type=Path,
        metavar="FILE",
        help="packages to install for Lambda's platform",
    )
    trial.add_argument(
        "--template",
        type=Path,
        metavar="FILE",
        help="a SAM or CloudFormation template for the rest",
    )
    for kind in ("stream", "queue", "bucket"):
        help_text = f"a {kind} that the function writes to"
        trial.add_argument(f"--{kind}", **many, metavar="NAME", help=help_text)
    trial.add_argument(
        "--table", **many, metavar="NAME:KEY", help="a table that the function writes to"
    )
    trial.add_argument(
        "--shards",
        type=_positive,
        default=1,
        metavar="N",
        help="number of shards of the stream that the function reads (default: 1)",
    )
    trial.add_argument(
        "--speed",
        type=_speed,
        default=1.0,
        metavar="X",
        help="speed of the local AWS's clock, such as 20, which shortens the pauses before retries",
    )
    trial.add_argument(
        "--out", type=Path, metavar="DIR", help="folder for records, invocations, log and outputs"
    )
    trial.add_argument("--json", type=Path, metavar="FILE", help="write the report to FILE too")
    trial.add_argument(
        "--debug",
        action="store_true",
        help="run the function in this process, so that breakpoints stop in it",
    )
    trial.set_defaults(do=_try)


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 1 <= speed <= 1000:
        raise argparse.ArgumentTypeError(f"must be a number from 1 to 1000, not {text!r}")
    return speed


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number above 0, not {text!r}")
    return int(text)


def _run(options: argparse.Namespace) -> int:
    from workbook import pipeline

    report = pipeline.run(options.flights, to_lake=options.lake)
    print(report)
    if options.json:
        options.json.write_bytes(orjson.dumps(report.as_dict(), option=orjson.OPT_INDENT_2))
    return 0 if report.passed else 1


def _try(options: argparse.Namespace) -> int:
    from workbook import trial

    try:
        status: int = _try_function(options)
    except trial.UsageError as problem:
        print(f"workbook try: {problem}", file=sys.stderr)
        return 2
    return status


def _try_function(options: argparse.Namespace) -> int:
    from workbook import trial
    from workbook.trial import debug

    variables = {}
    for one in options.env:
        name, equals, value = one.partition("=")
        if not equals:
            raise trial.UsageError(f"--env {one}: must be NAME=VALUE")
        if name in variables:
            raise trial.UsageError(f"--env {one}: {name} is given twice")
        variables[name] = value
    made: Any = {
        "streams": options.stream,
        "queues": options.queue,
        "tables": options.table,
        "buckets": options.bucket,
    }
    _refuse_beside(options, "template", ("mapping", "env", "stream", "queue", "table", "bucket"))
    _refuse_beside(options, "debug", ("template", "requirements", "mapping", "out"))
    _refuse_beside(options, "debug", ("shards", "speed"), but=1)
    _refuse_beside(options, "template", ("shards",), but=1)
    if options.json:
        _check_file("--json", options.json)
    if options.out:
        _check_folder("--out", options.out)
    if options.debug:
        figures = debug.run(
            options.function, options.records, key=options.key, variables=variables, **made
        )
        print("\n".join(f"{name}: {value}" for name, value in figures.items()))
    else:
        report = trial.run(
            options.function,
            options.records,
            key=options.key,
            mapping=options.mapping,
            variables=variables,
            requirements=options.requirements,
            template_file=options.template,
            shards=options.shards,
            speed=options.speed,
            **made,
        )
        print(report)
        figures = report.as_dict()
        if options.out:
            report.write(options.out)
    if options.json:
        options.json.write_bytes(orjson.dumps(figures, option=orjson.OPT_INDENT_2))
    return int(bool(figures["given_up"] or figures["pending"]))


def _check_file(name: str, path: Path) -> None:
    """Check that a file can be written, before the work whose result it takes.

    Raises:
        UsageError: it cannot; the message names the option.
    """
    from workbook.errors import UsageError

    if not path.parent.is_dir():
        raise UsageError(f"{name} {path}: there is no folder {path.parent}")
    if path.is_dir():
        raise UsageError(f"{name} {path}: it is a folder; name a file")
    if not os.access(path if path.exists() else path.parent, os.W_OK):
        raise UsageError(f"{name} {path}: it cannot be written")


def _check_folder(name: str, path: Path) -> None:
    """Check that a folder can be made and written, likewise.

    Raises:
        UsageError: it cannot; the message names the option.
    """
    from workbook.errors import UsageError

    there = next(one for one in (path, *path.absolute().parents) if one.exists())
    if not there.is_dir():
        raise UsageError(f"{name} {path}: {there} is a file, not a folder")
    if not os.access(there, os.W_OK):
        raise UsageError(f"{name} {path}: it cannot be written")


def _refuse_beside(
    options: argparse.Namespace, name: str, others: tuple[str, ...], but: Any = None
) -> None:
    """Refuse options that have no effect with another one; ``but`` is their default value.

    Raises:
        UsageError: naming both.
    """
    from workbook import trial

    if getattr(options, name):
        for other in others:
            if getattr(options, other) and getattr(options, other) != but:
                raise trial.UsageError(f"--{other}: cannot be used with --{name}")


def _capture(options: argparse.Namespace) -> int:
    from botocore.exceptions import BotoCoreError, ClientError

    from workbook import target
    from workbook.errors import UsageError
    from workbook.trial import capture

    where = options.target or os.environ.get(target.VARIABLE) or f"http://127.0.0.1:{DEFAULT_PORT}"
    try:
        _check_file("--out", options.out)
        try:
            aws = target.connect(where)
        except ValueError as problem:
            raise UsageError(f"--target: {problem}") from None
        with aws:
            count = capture.capture(aws, options.stream, options.out)
    except ClientError as refused:
        error = refused.response["Error"]
        print(f"workbook capture: STREAM {options.stream}: {error['Message']}", file=sys.stderr)
        return 2
    except BotoCoreError as problem:
        print(f"workbook capture: --target {where}: {problem}", file=sys.stderr)
        return 2
    except (OSError, UsageError) as problem:
        print(f"workbook capture: {problem}", file=sys.stderr)
        return 2
    print(f"{count:,} records of {options.stream} in {options.out}")
    return 0


def _serve(options: argparse.Namespace) -> int:
    from workbook.localaws import server

    try:
        asyncio.run(server.serve(options.port, limits=options.limits, speed=options.speed))
    except server.PortError as error:
        print(
            f"workbook serve: port {options.port} cannot be used ({error.strerror}); end what "
            "uses it, or give another with --port, or --port 0 for any free one",
            file=sys.stderr,
        )
        return 1
    except OSError as error:
        print(f"workbook serve: {error.strerror}", file=sys.stderr)
        return 1
    return 0


def _book(options: argparse.Namespace) -> int:
    from workbook import book

    try:
        return book.make(options.names, check=options.check)
    except ValueError as error:
        print(f"workbook book: {error}", file=sys.stderr)
        return 2


def _links(options: argparse.Namespace) -> int:
    from workbook import links  # reads notebooks, which is slow to import

    root = Path(__file__).resolve().parent.parent
    found = links.links(root)
    faults = links.problems(found, root) + links.unanswered(found)
    for fault in faults:
        print(fault)
    print(f"{len(found)} links, {len(faults)} of them with a fault")
    return int(bool(faults))
