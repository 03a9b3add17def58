"""What the local AWS can be started with, for every command line that starts it."""

import argparse
from typing import Any

FASTEST = 10_000.0  # beyond it, the loop does nothing but look at the clock


def add_arguments(parser: argparse.ArgumentParser, *, port: int) -> None:
    """Add the options of ``server.serve`` to a command line.

    Args:
        parser: the command line.
        port: where it listens when the command line does not say.
    """
    parser.add_argument(
        "--port",
        type=_port,
        default=port,
        help=f"on 127.0.0.1; 0 takes a free one (default: {port})",
    )
    parser.add_argument(
        "--no-limits", dest="limits", action="store_false", help="let Kinesis throttle nothing"
    )
    parser.add_argument(
        "--speed",
        type=_speed,
        default=1.0,
        help="local seconds in one real second, for time-lapse (default: 1, real time)",
    )
    # For a program that starts it and reads its clock: see workbook.target.
    parser.add_argument("--epoch", type=float, help=argparse.SUPPRESS)
    parser.add_argument("--owned", action="store_true", help=argparse.SUPPRESS)


def chosen(options: argparse.Namespace) -> dict[str, Any]:
    """Return the arguments for ``server.serve`` among the options of a command line."""
    names = ("port", "limits", "speed", "epoch", "owned")
    return {name: getattr(options, name) for name in names}


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"must be a port, 0 to 65535, not {text!r}")
    return int(text)


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = 0.0
    if not 0 < speed <= FASTEST:
        raise argparse.ArgumentTypeError(
            f"must be a number above 0 and at most {FASTEST:g}, not {text!r}"
        )
    return speed
