"""What every command line that starts the local AWS takes."""

import argparse

import pytest

from workbook.localaws.arguments import add_arguments, chosen


def parse(*texts: str) -> dict[str, object]:
    parser = argparse.ArgumentParser()
    add_arguments(parser, port=4566)
    return chosen(parser.parse_args(texts))


def test_the_defaults_are_aws_as_it_is() -> None:
    assert parse() == {
        "port": 4566,
        "limits": True,
        "speed": 1.0,
        "epoch": None,
        "owned": False,
    }


def test_all_of_them() -> None:
    given = ["--port", "0", "--no-limits", "--speed", "60", "--epoch", "1.5", "--owned"]
    assert parse(*given) == {
        "port": 0,
        "limits": False,
        "speed": 60.0,
        "epoch": 1.5,
        "owned": True,
    }


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["--port", "70000"], "must be a port, 0 to 65535, not '70000'"),
        (["--port", "-1"], "argument --port"),
        (["--speed", "0"], "must be a number above 0 and at most 10000, not '0'"),
        (["--speed", "nan"], "must be a number above 0 and at most 10000, not 'nan'"),
        (["--speed", "1e12"], "must be a number above 0 and at most 10000, not '1e12'"),
        (["--speed", "fast"], "must be a number above 0 and at most 10000, not 'fast'"),
    ],
)
def test_what_cannot_be_is_refused(
    texts: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parse(*texts)
    assert message in capsys.readouterr().err
