"""The local AWS as the child process of a notebook: see ``workbook.target``."""

import argparse
import asyncio
import os
import sys

from workbook.localaws.server import serve

parser = argparse.ArgumentParser(prog="python -m workbook.localaws", description=__doc__)
parser.add_argument("--port", type=int, default=0)
parser.add_argument("--no-limits", dest="limits", action="store_false")
parser.add_argument("--speed", type=float, default=1.0)
parser.add_argument("--epoch", type=float)
parser.add_argument("--owned", action="store_true")
asyncio.run(serve(**vars(parser.parse_args())))
# All is closed. The interpreter would take moto's many objects apart, and its owner waits.
sys.stdout.flush()
os._exit(0)
