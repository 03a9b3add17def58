"""The command line of the local AWS, and how fast its clock may run."""

import argparse

import pytest

from workbook.localaws.clock import Clock
from workbook.localaws.command import add_arguments


def parse(*texts: str) -> dict[str, object]:
    parser = argparse.ArgumentParser()
    add_arguments(parser, port=4566)
    return vars(parser.parse_args(texts))


def test_the_defaults_behave_like_aws() -> None:
    assert parse() == {"port": 4566, "limits": True, "speed": 1.0}


def test_all_arguments_are_read() -> None:
    given = ["--port", "0", "--no-limits", "--speed", "60"]
    assert parse(*given) == {"port": 0, "limits": False, "speed": 60.0}


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["--port", "70000"], "must be a port, 0 to 65535, not '70000'"),
        (["--port", "-1"], "argument --port"),
        (["--speed", "0"], "speed must be a number above 0 and at most 10,000, not 0.0"),
        (["--speed", "nan"], "speed must be a number above 0 and at most 10,000, not nan"),
        (
            ["--speed", "1e12"],
            "speed must be a number above 0 and at most 10,000, not 1000000000000.0",
        ),
        (["--speed", "fast"], "argument --speed"),
    ],
)
def test_invalid_arguments_are_refused(
    texts: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parse(*texts)
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("speed", [0, -1, float("nan"), float("inf"), 10_001])
def test_a_clock_speed_that_no_machine_can_keep_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="speed must be a number above 0 and at most 10,000"):
        Clock(speed)
