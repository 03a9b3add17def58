"""The command ``workbook``: run the pipeline, serve the local AWS, make the book."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

import orjson

from workbook.localaws import command

DEFAULT_PORT = 4566

# Each command imports what it runs only then: together these imports take over a second.


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command, and return its exit status."""
    options = _parser().parse_args(arguments)
    status: int = options.do(options)
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
        "--json", type=Path, metavar="FILE", help="write the report to FILE too, as JSON"
    )
    run.set_defaults(do=_run)

    serve = commands.add_parser(
        "serve",
        help="run the local AWS in the foreground, for any AWS client",
        description="Run the local AWS until Ctrl+C. One line says its URL when it is ready.",
    )
    command.add_arguments(serve, port=DEFAULT_PORT)
    serve.set_defaults(do=_serve)

    make = commands.add_parser(
        "book",
        help="run the notebooks that the code has outgrown and store their outputs",
        description="Run notebooks, each alone in a fresh kernel, and store their outputs in "
        "them; write all as HTML to build/book. Exit status 1: one failed, or breaks a rule of the "
        "book.",
    )
    make.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="run those that start so (default: those whose code has changed)",
    )
    make.add_argument("--check", action="store_true", help="run all and store nothing")
    make.set_defaults(do=_book)

    check = commands.add_parser(
        "links",
        help="check the links of notebooks and documents; needs a network",
        description="Check that each link of the notebooks and documents is well-formed, leads to "
        "what is there, and is answered. Exit status 1: one is not.",
    )
    check.set_defaults(do=_links)
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number above 0, not {text!r}")
    return int(text)


def _run(options: argparse.Namespace) -> int:
    from workbook import pipeline

    report = pipeline.run(options.flights)
    print(report)
    if options.json:
        options.json.write_bytes(orjson.dumps(report.as_dict(), option=orjson.OPT_INDENT_2))
    return 0 if report.passed else 1


def _serve(options: argparse.Namespace) -> int:
    from workbook.localaws import server

    try:
        asyncio.run(server.serve(options.port, limits=options.limits, speed=options.speed))
    except OSError as error:
        print(
            f"workbook serve: port {options.port} cannot be used ({error.strerror}); end what "
            "uses it, or give another with --port, or --port 0 for any free one",
            file=sys.stderr,
        )
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
