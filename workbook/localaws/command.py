"""The command line that starts the local AWS."""

import argparse

from workbook.localaws.clock import Clock


def add_arguments(parser: argparse.ArgumentParser, *, port: int) -> None:
    """Add the arguments of ``server.serve`` to a command line.

    Args:
        parser: the parser of the command that starts the server.
        port: the default port.
    """
    parser.add_argument(
        "--port",
        type=_port,
        default=port,
        help=f"port on 127.0.0.1; 0 chooses a free one (default: {port})",
    )
    parser.add_argument(
        "--no-limits", dest="limits", action="store_false", help="never throttle Kinesis calls"
    )
    parser.add_argument(
        "--speed",
        type=_speed,
        default=1.0,
        help="local seconds per real second, for time-lapse (default: 1, real time)",
    )


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"must be a port, 0 to 65535, not {text!r}")
    return int(text)


def _speed(text: str) -> float:
    try:
        return Clock(float(text)).speed
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
