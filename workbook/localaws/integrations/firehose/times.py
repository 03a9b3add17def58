"""Times formatted by patterns of Java's DateTimeFormatter, as prefixes use them."""

import re
from datetime import datetime

# A run of one letter, quoted text, two quotes for one, or any other character.
_TOKEN = re.compile(r"([A-Za-z])\1*|'((?:[^']|'')*)'|.", re.DOTALL)
_MONTHS = "January February March April May June July August September October November December"
_DAYS = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday"
LETTERS = "yuMdDHhmsSaE"


def check(pattern: str) -> None:
    """Check that a pattern can be used.

    Raises:
        ValueError: the pattern contains an unsupported letter; the message names it.
    """
    for token in _TOKEN.finditer(pattern):
        if token[1] and token[1] not in LETTERS:
            raise ValueError(
                f"the letter {token[1]} in !{{timestamp:{pattern}}}; the local AWS supports "
                f"{', '.join(LETTERS)}"
            )


def render(pattern: str, moment: datetime) -> str:
    """Return a time formatted by a pattern; ``yyyy/MM/dd`` gives ``2026/11/26``."""
    return "".join(_rendered(token, moment) for token in _TOKEN.finditer(pattern))


def _rendered(token: re.Match[str], moment: datetime) -> str:
    whole, letter = token[0], token[1]
    if whole == "''":
        return "'"
    if whole.startswith("'") and len(whole) > 1:
        return token[2].replace("''", "'")
    if not letter:
        return whole
    width = len(whole)
    match letter:
        case "y" | "u":
            return f"{moment.year % 100:02}" if width == 2 else f"{moment.year:0{width}}"
        case "M" if width >= 3:
            return _name(_MONTHS, moment.month - 1, width)
        case "E":
            return _name(_DAYS, moment.weekday(), width)
        case "S":
            return f"{moment.microsecond:06}".ljust(width, "0")[:width]
        case "a":
            return "AM" if moment.hour < 12 else "PM"
    number = {
        "M": moment.month,
        "d": moment.day,
        "D": moment.timetuple().tm_yday,
        "H": moment.hour,
        "h": moment.hour % 12 or 12,
        "m": moment.minute,
        "s": moment.second,
    }[letter]
    return f"{number:0{width}}"


def _name(names: str, index: int, width: int) -> str:
    name = names.split()[index]
    return name if width == 4 else name[:3]
