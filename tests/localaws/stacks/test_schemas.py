"""What is said of each kind of resource, held to the schemas of cfn-lint."""

from typing import Any

import pytest

from workbook.localaws.stacks.supported import KINDS

CHECKED = sorted(name for name, kind in KINDS.items() if not kind.ANY_PROPERTY)
# Attributes that a kind has beside its schema's: of no schema, or older than it.
MORE_ATTRIBUTES = {
    "AWS::Kinesis::StreamConsumer": {"ConsumerName", "StreamARN"},
}


def schema(name: str) -> Any:
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER  # slow: only where it is used

    return PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", name).schema


@pytest.mark.parametrize("name", CHECKED)
def test_every_property_is_one_of_aws(name: str) -> None:
    """[CFNL] None is made up, and what replaces is among those that are there."""
    kind = KINDS[name]
    assert kind.PROPERTIES.keys() <= schema(name)["properties"].keys()
    assert kind.PROPERTIES.keys() >= kind.REPLACES


@pytest.mark.parametrize("name", CHECKED)
def test_what_must_be_there_is_required(name: str) -> None:
    """[CFNL]"""
    kind = KINDS[name]
    assert set(schema(name).get("required") or []) & kind.PROPERTIES.keys() == kind.REQUIRED


@pytest.mark.parametrize("name", CHECKED)
def test_what_cannot_be_changed_is_replaced(name: str) -> None:
    """[CFNL] createOnlyProperties."""
    create_only = {one.split("/")[2] for one in schema(name).get("createOnlyProperties") or []}
    kind = KINDS[name]
    assert create_only & kind.PROPERTIES.keys() <= kind.REPLACES


@pytest.mark.parametrize("name", CHECKED)
def test_every_attribute_is_one_of_aws(name: str) -> None:
    """[CFNL] What Fn::GetAtt gives is a property of the resource."""
    known = {one.split("/")[2] for one in schema(name).get("readOnlyProperties") or []}
    known |= schema(name)["properties"].keys()
    assert known | MORE_ATTRIBUTES.get(name, set()) >= KINDS[name].ATTRIBUTES
