"""The local AWS as the child process of a notebook: see ``workbook.target``."""

import argparse
import asyncio
import os
import sys

from workbook.localaws.command import add_arguments
from workbook.localaws.server import serve

parser = argparse.ArgumentParser(prog="python -m workbook.localaws", description=__doc__)
add_arguments(parser, port=0)
parser.add_argument("--epoch", type=float, help="real time at which the two clocks agree")
parser.add_argument("--owned", action="store_true", help="stop when standard input closes")
try:
    asyncio.run(serve(**vars(parser.parse_args())))
except OSError as problem:
    print(problem.strerror, flush=True)  # the owner waits for a line
    os._exit(1)
# Everything is closed. Skip the slow destruction of moto's many objects: the owner is waiting.
sys.stdout.flush()
os._exit(0)
