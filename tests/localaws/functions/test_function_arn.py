"""Names and ARNs: each form that the API accepts refers to the same function."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.localaws.fakes import ACCOUNT
from workbook.localaws.function_arn import (
    Reference,
    function_arn,
    parse_layer_version_arn,
    parse_reference,
)

NAME = st.from_regex("[a-zA-Z][a-zA-Z0-9-_]{0,10}", fullmatch=True)
QUALIFIER = st.none() | st.sampled_from(["$LATEST", "1", "live"])


@given(name=NAME, qualifier=QUALIFIER)
def test_every_form_of_a_name_refers_to_the_same_function(name: str, qualifier: str | None) -> None:
    """[BC] FunctionName: name, partial ARN, ARN, each with or without a qualifier."""
    meant = Reference("eu-west-1", name, qualifier)
    tail = f"{name}:{qualifier}" if qualifier else name
    for head in ("", f"{ACCOUNT}:function:", f"eu-west-1:{ACCOUNT}:function:", "function:"):
        assert parse_reference(head + tail, "eu-west-1") == meant
    assert parse_reference(meant.arn, "us-east-1") == meant
    assert parse_reference(name, "eu-west-1", qualifier) == meant


@given(name=NAME)
def test_the_qualifier_in_a_name_takes_precedence(name: str) -> None:
    assert parse_reference(f"{name}:live", "r", "1").qualifier == "live"


@given(text=st.text())
def test_any_text_can_be_parsed_as_a_name(text: str) -> None:
    """A name that no function can have is searched for, and not found."""
    assert parse_reference(text, "us-east-1").arn


@pytest.mark.parametrize("region", ["us-gov-west-1", "eusc-de-east-1", "us-iso-east-1"])
def test_regions_with_longer_names(region: str) -> None:
    assert parse_reference(function_arn(region, "f"), "us-east-1").region == region


def test_a_layer_versions_arn() -> None:
    arn = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:layer:l"
    layer = parse_layer_version_arn(f"{arn}:7")
    assert layer is not None
    assert (layer.arn, layer.region, layer.name, layer.version) == (arn, "eu-west-1", "l", 7)
    for other in (
        arn,
        f"{arn}:x",
        f"{arn}:7:8",
        f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f:7",
    ):
        assert parse_layer_version_arn(other) is None
