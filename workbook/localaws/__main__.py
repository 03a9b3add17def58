"""The local AWS as the child process of a notebook: see ``workbook.target``."""

import argparse
import asyncio
import os
import sys

from workbook.localaws.command import add_arguments
from workbook.localaws.server import serve

parser = argparse.ArgumentParser(prog="python -m workbook.localaws", description=__doc__)
add_arguments(parser, port=0)
parser.add_argument("--epoch", type=float, help="when its clock agrees with the world's")
parser.add_argument("--owned", action="store_true", help="end with standard input")
try:
    asyncio.run(serve(**vars(parser.parse_args())))
except OSError as problem:
    print(problem.strerror, flush=True)  # for its owner, who waits for a line
    os._exit(1)
# All is closed. The interpreter would take moto's many objects apart, and its owner waits.
sys.stdout.flush()
os._exit(0)
