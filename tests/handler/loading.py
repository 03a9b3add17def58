"""The function's file, imported as Lambda imports it."""

import importlib.util
from pathlib import Path
from types import ModuleType

HANDLER = Path(__file__).parents[2] / "handler.py"


def load() -> ModuleType:
    """Import the file again, as Lambda does in a new execution environment."""
    spec = importlib.util.spec_from_file_location("handler", HANDLER)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
