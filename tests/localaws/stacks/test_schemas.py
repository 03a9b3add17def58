"""The description of each resource type, checked against the schemas of cfn-lint."""

from typing import Any

import pytest

from workbook.localaws.stacks.supported import KINDS

CHECKED = sorted(name for name, kind in KINDS.items() if not kind.ANY_PROPERTY)
# Attributes in addition to the schema's: of no schema, or older than it.
MORE_ATTRIBUTES = {
    "AWS::Kinesis::StreamConsumer": {"ConsumerName", "StreamARN"},
}


def schema(name: str) -> Any:
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER  # slow: import it only here

    return PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", name).schema


@pytest.mark.parametrize("name", CHECKED)
def test_every_property_exists_on_aws(name: str) -> None:
    """[CFNL] None is made up, and those that replace the resource are among them."""
    kind = KINDS[name]
    assert kind.PROPERTIES.keys() <= schema(name)["properties"].keys()
    assert kind.PROPERTIES.keys() >= kind.REPLACES


@pytest.mark.parametrize("name", CHECKED)
def test_required_properties_are_those_of_aws(name: str) -> None:
    """[CFNL]"""
    kind = KINDS[name]
    assert set(schema(name).get("required") or []) & kind.PROPERTIES.keys() == kind.REQUIRED


@pytest.mark.parametrize("name", CHECKED)
def test_properties_that_cannot_change_replace_the_resource(name: str) -> None:
    """[CFNL] createOnlyProperties."""
    create_only = {one.split("/")[2] for one in schema(name).get("createOnlyProperties") or []}
    kind = KINDS[name]
    assert create_only & kind.PROPERTIES.keys() <= kind.REPLACES


@pytest.mark.parametrize("name", CHECKED)
def test_every_attribute_exists_on_aws(name: str) -> None:
    """[CFNL] What Fn::GetAtt returns is a property of the resource."""
    known = {one.split("/")[2] for one in schema(name).get("readOnlyProperties") or []}
    known |= schema(name)["properties"].keys()
    assert known | MORE_ATTRIBUTES.get(name, set()) >= KINDS[name].ATTRIBUTES


@pytest.mark.parametrize("name", [one for one in CHECKED if "Tags" in KINDS[one].PROPERTIES])
def test_tags_have_the_form_of_awss_schema(name: str) -> None:
    """[CFNL] A list of objects with Key and Value; of a parameter in SSM, one object."""
    kind, found = KINDS[name], schema(name)
    tags = found["properties"]["Tags"]
    item = tags.get("items", {})
    if "$ref" in item:
        item = found["definitions"][item["$ref"].rpartition("/")[2]]
    needed = set(item.get("required", kind.TAG_KEYS))  # the schema of a rule says nothing
    assert (tags["type"], needed) == ("array" if kind.TAG_KEYS else "object", set(kind.TAG_KEYS))
