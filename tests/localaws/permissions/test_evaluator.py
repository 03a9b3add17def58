"""The rules of IAM's policy language, each alone and all against a model."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbook.localaws.permissions.evaluator import (
    ALLOWED,
    BOUNDARY,
    IDENTITY,
    RESOURCE,
    SESSION,
    Decision,
    Policies,
    decide,
    depends_on_context,
)
from workbook.localaws.permissions.policy import Policy, Principal, Request, parse

ACCOUNT = "123456789012"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/r"
SESSION_ARN = f"arn:aws:sts::{ACCOUNT}:assumed-role/r/f"
CALLER = Principal(SESSION_ARN, ROLE, ACCOUNT)
STREAM = f"arn:aws:kinesis:us-east-1:{ACCOUNT}:stream/s"
ANY = {"Effect": "Allow", "Action": "*", "Resource": "*"}


def policy(*statements: dict[str, Any], version: str = "2012-10-17") -> Policy:
    return parse(json.dumps({"Version": version, "Statement": list(statements)}))


def allow(action: Any = "*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: Any = "*", resource: Any = "*", **more: Any) -> dict[str, Any]:
    return {**allow(action, resource, **more), "Effect": "Deny"}


def asked(
    *statements: dict[str, Any],
    action: str = "kinesis:PutRecord",
    resource: str | None = STREAM,
    version: str = "2012-10-17",
    **context: str,
) -> Decision:
    """Return the decision of the role's only policy about a request."""
    keys = {name.replace("__", ":").lower(): (value,) for name, value in context.items()}
    request = Request(CALLER, action, resource, keys)
    return decide(request, Policies(identity=(policy(*statements, version=version),)))


def is_allowed(*statements: dict[str, Any], **request: Any) -> bool:
    return asked(*statements, **request).is_allowed


def test_an_action_that_no_statement_allows_is_denied() -> None:
    assert asked() == Decision(IDENTITY)
    assert asked(allow("kinesis:GetRecords")) == Decision(IDENTITY)


def test_a_denial_overrides_every_allow() -> None:
    assert asked(allow(), deny("kinesis:PutRecord")) == Decision(IDENTITY, is_explicit=True)


def test_a_statement_need_not_be_in_a_list_nor_its_action() -> None:
    document = {"Version": "2012-10-17", "Statement": allow("kinesis:PutRecord", STREAM)}
    policies = Policies(identity=(parse(json.dumps(document)),))
    assert decide(Request(CALLER, "kinesis:PutRecord", STREAM), policies) is ALLOWED


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ("*", True),
        ("kinesis:*", True),
        ("kinesis:Put*", True),
        ("KINESIS:putrecord", True),
        ("kinesis:PutRecor?", True),
        ("kinesis:P*d", True),
        ("kinesis:Put", False),
        ("kinesis:PutRecord?", False),
        ("firehose:*", False),
    ],
)
def test_wildcards_in_actions_ignore_case(pattern: str, fits: bool) -> None:
    assert is_allowed(allow(pattern)) is fits
    assert is_allowed({"Effect": "Allow", "NotAction": pattern, "Resource": "*"}) is not fits


@pytest.mark.parametrize(
    ("pattern", "fits"),
    [
        ("*", True),
        (STREAM, True),
        (f"arn:aws:kinesis:*:{ACCOUNT}:stream/*", True),
        ("arn:*:stream/s", True),
        (STREAM.replace("/s", "/?"), True),
        (STREAM.replace("/s", "/S"), False),
        (STREAM.replace("us-east-1", "eu-west-1"), False),
        (STREAM + "2", False),
        (STREAM.replace(".", "[.]") + "[s]", False),
    ],
)
def test_wildcards_in_resources_respect_case(pattern: str, fits: bool) -> None:
    assert is_allowed(allow(resource=pattern)) is fits
    assert is_allowed({"Effect": "Allow", "Action": "*", "NotResource": pattern}) is not fits


def test_an_action_without_resource_needs_a_star() -> None:
    request = {"action": "kinesis:ListStreams", "resource": "*"}
    assert is_allowed(allow("kinesis:ListStreams", "*"), **request)
    assert not is_allowed(allow("kinesis:ListStreams", STREAM), **request)


def test_if_the_resource_is_unknown_only_actions_are_compared() -> None:
    assert is_allowed(allow("*", STREAM), resource=None)
    assert not is_allowed(allow(), deny("*", "*"), resource=None)
    assert is_allowed(allow(), deny("*", STREAM), resource=None)


def test_variables_have_the_values_of_the_request() -> None:
    mine = allow(resource="arn:aws:s3:::b/${aws:userid}/*")
    keys = {"aws__userid": "AROA:f*"}
    assert is_allowed(mine, resource="arn:aws:s3:::b/AROA:f*/k", **keys)
    assert not is_allowed(mine, resource="arn:aws:s3:::b/AROA:fx/k", **keys)  # the star is literal
    assert not is_allowed(mine, resource="arn:aws:s3:::b//k")


def test_variables_may_have_a_default() -> None:
    mine = allow(resource="arn:aws:s3:::b/${aws:PrincipalTag/team, 'none'}")
    assert is_allowed(mine, resource="arn:aws:s3:::b/none")


def test_wildcards_can_be_escaped() -> None:
    literal = allow(resource="arn:aws:s3:::b/${*}")
    assert is_allowed(literal, resource="arn:aws:s3:::b/*")
    assert not is_allowed(literal, resource="arn:aws:s3:::b/k")


def test_the_older_version_has_no_variables() -> None:
    literal = allow(resource="arn:aws:s3:::b/${aws:userid}")
    request = {"version": "2008-10-17", "resource": "arn:aws:s3:::b/${aws:userid}"}
    assert is_allowed(literal, **request, aws__userid="u")


def when(operator: str, key: str, *values: Any) -> dict[str, Any]:
    return allow(Condition={operator: {key: list(values)}})


@pytest.mark.parametrize(
    ("operator", "wanted", "value", "holds"),
    [
        ("StringEquals", "a", "a", True),
        ("StringEquals", "a*", "ab", False),
        ("StringEquals", "a", "A", False),
        ("StringNotEquals", "a", "b", True),
        ("StringEqualsIgnoreCase", "a", "A", True),
        ("StringNotEqualsIgnoreCase", "a", "A", False),
        ("StringLike", "a*c", "abbc", True),
        ("StringNotLike", "a*c", "abbc", False),
        ("NumericEquals", "10", "10.0", True),
        ("NumericLessThan", "10", "9", True),
        ("NumericLessThanEquals", "10", "10", True),
        ("NumericGreaterThan", "10", "10", False),
        ("NumericGreaterThanEquals", "10", "11", True),
        ("NumericNotEquals", "10", "11", True),
        ("NumericEquals", "10", "ten", False),
        ("DateGreaterThan", "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z", True),
        ("DateLessThan", "2026-01-01", "1767225601", False),
        ("DateEquals", "1767225600", "2026-01-01T00:00:00Z", True),
        ("Bool", "true", "true", True),
        ("Bool", "false", "true", False),
        ("BinaryEquals", "QUI=", "QUI=", True),
        ("IpAddress", "127.0.0.0/8", "127.0.0.1", True),
        ("IpAddress", "10.0.0.0/8", "127.0.0.1", False),
        ("NotIpAddress", "10.0.0.0/8", "127.0.0.1", True),
        ("ArnEquals", "arn:aws:sns:*:1:t*", "arn:aws:sns:us-east-1:1:topic", True),
        ("ArnLike", "arn:aws:sns:*:t", "arn:aws:sns:us-east-1:1:t", False),
        ("ArnNotLike", "arn:aws:sns:*:*:t", "arn:aws:sns:us-east-1:1:t", False),
    ],
)
def test_every_condition_operator(operator: str, wanted: str, value: str, holds: bool) -> None:
    assert is_allowed(when(operator, "aws:K", wanted), aws__k=value) is holds


def test_one_matching_value_is_enough_unless_the_operator_is_negated() -> None:
    assert is_allowed(when("StringEquals", "aws:k", "a", "b"), aws__k="b")
    assert not is_allowed(when("StringNotEquals", "aws:k", "a", "b"), aws__k="b")


def test_all_operators_and_all_keys_must_hold() -> None:
    both = {"StringEquals": {"aws:a": "1", "aws:b": "2"}, "Bool": {"aws:c": True}}
    keys = {"aws__a": "1", "aws__b": "2", "aws__c": "true"}
    assert is_allowed(allow(Condition=both), **keys)
    for name in keys:
        assert not is_allowed(allow(Condition=both), **{**keys, name: "x"})


def test_conditions_on_a_missing_key() -> None:
    assert not is_allowed(when("StringEquals", "aws:k", "a"))
    assert is_allowed(when("StringNotEquals", "aws:k", "a"))
    assert is_allowed(when("StringEqualsIfExists", "aws:k", "a"))
    assert not is_allowed(when("StringEqualsIfExists", "aws:k", "a"), aws__k="b")
    assert is_allowed(when("Null", "aws:k", "true"))
    assert not is_allowed(when("Null", "aws:k", "false"))
    assert is_allowed(when("Null", "aws:k", False), aws__k="x")


@pytest.mark.parametrize(
    ("operator", "values", "holds"),
    [
        ("ForAllValues:StringEquals", ("a", "b"), True),
        ("ForAllValues:StringEquals", ("a", "c"), False),
        ("ForAllValues:StringEquals", (), True),
        ("ForAnyValue:StringEquals", ("a", "c"), True),
        ("ForAnyValue:StringEquals", ("c",), False),
        ("ForAnyValue:StringEquals", (), False),
        ("ForAllValues:StringNotEquals", ("c", "d"), True),
        ("ForAllValues:StringNotEquals", ("c", "a"), False),
        ("ForAnyValue:StringNotEquals", ("c", "a"), True),
        ("ForAnyValue:StringNotEquals", ("a",), False),
    ],
)
def test_conditions_on_keys_with_several_values(
    operator: str, values: tuple[str, ...], holds: bool
) -> None:
    statement = policy(when(operator, "aws:TagKeys", "a", "b"))
    context = {"aws:tagkeys": values} if values else {}
    request = Request(CALLER, "kinesis:PutRecord", STREAM, context)
    assert decide(request, Policies(identity=(statement,))).is_allowed is holds


def test_values_of_conditions_may_be_variables() -> None:
    own = when("StringEquals", "s3:prefix", "${aws:userid}")
    assert is_allowed(own, s3__prefix="u", aws__userid="u")
    assert not is_allowed(own, s3__prefix="u", aws__userid="v")


@pytest.mark.parametrize("operator", ["StringIs", "ForNoValue:StringEquals", "NotBool"])
def test_an_operator_that_aws_does_not_have_is_refused(operator: str) -> None:
    with pytest.raises(ValueError, match=operator):
        policy(when(operator, "aws:k", "a"))


@pytest.mark.parametrize("document", ["", "[]", '{"Statement": [{"Action": "*"}]}'])
def test_a_document_that_is_not_a_policy_is_refused(document: str) -> None:
    with pytest.raises(ValueError, match=r"policy|statement"):
        parse(document)


def granting(principal: Any, effect: str = "Allow", name: str = "Principal") -> Policy:
    return policy({"Effect": effect, name: principal, "Action": "*", "Resource": "*"})


REQUEST = Request(CALLER, "sqs:SendMessage", "arn:aws:sqs:us-east-1:123456789012:q")
YES, NO = (policy(ANY),), (policy(allow("s3:*")),)


@pytest.mark.parametrize("principal", ["*", {"AWS": "*"}, {"AWS": ROLE}, {"AWS": [SESSION_ARN]}])
def test_a_resource_policy_can_allow_a_caller_by_name(principal: Any) -> None:
    assert decide(REQUEST, Policies(identity=NO, resource=granting(principal))) is ALLOWED


@pytest.mark.parametrize("account", [ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root"])
def test_if_a_resource_policy_allows_the_account_the_callers_policies_decide(
    account: str,
) -> None:
    resource = granting({"AWS": account})
    assert decide(REQUEST, Policies(identity=NO, resource=resource)) == Decision(IDENTITY)
    assert decide(REQUEST, Policies(identity=YES, resource=resource)) is ALLOWED


def test_a_resource_policy_for_others_has_no_effect_on_the_caller() -> None:
    others = granting(
        {"AWS": "arn:aws:iam::123456789012:role/other", "Service": "s3.amazonaws.com"}
    )
    assert decide(REQUEST, Policies(identity=YES, resource=others)) is ALLOWED
    assert decide(REQUEST, Policies(identity=NO, resource=others)) == Decision(IDENTITY)


def test_a_resource_policy_can_deny() -> None:
    denied = Decision(RESOURCE, is_explicit=True)
    assert decide(REQUEST, Policies(YES, resource=granting("*", "Deny"))) == denied
    others = granting({"AWS": f"arn:aws:iam::{ACCOUNT}:role/other"}, "Deny", "NotPrincipal")
    assert decide(REQUEST, Policies(YES, resource=others)) == denied
    but_me = granting({"AWS": ROLE}, "Deny", "NotPrincipal")
    assert decide(REQUEST, Policies(YES, resource=but_me)) is ALLOWED


def test_only_principals_that_a_role_trusts_can_assume_it() -> None:
    service = Principal("lambda.amazonaws.com", None, ACCOUNT, "lambda.amazonaws.com")
    request = Request(service, "sts:AssumeRole", ROLE)
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole"}
    trusted = policy({**trust, "Principal": {"Service": "lambda.amazonaws.com"}})
    other = policy({**trust, "Principal": {"Service": "ec2.amazonaws.com"}})
    assert decide(request, Policies(resource=trusted, resource_decides=True)) is ALLOWED
    missing = Decision(RESOURCE)
    assert decide(request, Policies(resource=other, resource_decides=True)) == missing
    assert decide(request, Policies(YES, resource=None, resource_decides=True)) == missing


def test_a_boundary_limits_the_permissions_of_a_role() -> None:
    boundary = policy(allow("sqs:*"))
    assert decide(REQUEST, Policies(YES, boundary=boundary)) is ALLOWED
    assert decide(REQUEST, Policies(NO, boundary=boundary)) == Decision(IDENTITY)
    assert decide(REQUEST, Policies(YES, boundary=NO[0])) == Decision(BOUNDARY)
    explicit = Decision(BOUNDARY, is_explicit=True)
    assert decide(REQUEST, Policies(YES, boundary=policy(ANY, deny()))) == explicit


def test_a_session_policy_limits_the_permissions_of_a_session() -> None:
    assert decide(REQUEST, Policies(YES, session=NO[0])) == Decision(SESSION)
    assert decide(REQUEST, Policies(YES, session=YES[0])) is ALLOWED


def test_decisions_can_be_cached_if_no_policy_depends_on_the_request() -> None:
    assert not depends_on_context(Policies(YES, boundary=NO[0]))
    conditional = policy(when("Bool", "aws:SecureTransport", "true"))
    assert depends_on_context(Policies(YES, resource=conditional))
    assert depends_on_context(Policies((policy(allow(resource="${aws:userid}")),)))


# All rules against a model that is too simple to be wrong: few names, sets instead of patterns.
ACTIONS = {
    "*": {"a:Get", "a:Put", "b:Get"},
    "a:*": {"a:Get", "a:Put"},
    "a:G*": {"a:Get"},
    "?:get": {"a:Get", "b:Get"},
    "b:Get": {"b:Get"},
}
RESOURCES = {"*": {"r1", "r2", "q1"}, "r*": {"r1", "r2"}, "?1": {"r1", "q1"}, "r1": {"r1"}}
statements = st.fixed_dictionaries(
    {
        "Effect": st.sampled_from(["Allow", "Deny"]),
        "not_action": st.booleans(),
        "actions": st.lists(st.sampled_from(sorted(ACTIONS)), min_size=1, max_size=2),
        "not_resource": st.booleans(),
        "resources": st.lists(st.sampled_from(sorted(RESOURCES)), min_size=1, max_size=2),
    }
)


def written(statement: dict[str, Any]) -> dict[str, Any]:
    return {
        "Effect": statement["Effect"],
        "Not" * statement["not_action"] + "Action": statement["actions"],
        "Not" * statement["not_resource"] + "Resource": statement["resources"],
    }


def covers(statement: dict[str, Any], action: str, resource: str) -> bool:
    actions = set().union(*(ACTIONS[pattern] for pattern in statement["actions"]))
    resources = set().union(*(RESOURCES[pattern] for pattern in statement["resources"]))
    has_action = (action in actions) is not statement["not_action"]
    return has_action and (resource in resources) is not statement["not_resource"]


def effects(group: list[dict[str, Any]], action: str, resource: str) -> set[str]:
    return {one["Effect"] for one in group if covers(one, action, resource)}


groups = st.lists(statements, max_size=4)


@given(
    identity=st.lists(groups, max_size=3),
    boundary=st.none() | groups,
    action=st.sampled_from(sorted(ACTIONS["*"])),
    resource=st.sampled_from(sorted(RESOURCES["*"])),
)
def test_decisions_agree_with_a_model(
    identity: list[list[dict[str, Any]]],
    boundary: list[dict[str, Any]] | None,
    action: str,
    resource: str,
) -> None:
    every = [one for group in identity for one in group]
    given_effects = effects(every, action, resource)
    limits = {"Allow"} if boundary is None else effects(boundary, action, resource)
    expected = given_effects == {"Allow"} and limits == {"Allow"}
    policies = Policies(
        identity=tuple(policy(*map(written, group)) for group in identity),
        boundary=None if boundary is None else policy(*map(written, boundary)),
    )
    assert decide(Request(CALLER, action, resource), policies).is_allowed is expected


@given(
    pattern=st.text("ab*?", max_size=6),
    text=st.text("ab", max_size=6),
)
def test_wildcards_agree_with_a_model(pattern: str, text: str) -> None:
    def fits(pattern: str, text: str) -> bool:
        if not pattern:
            return not text
        if pattern[0] == "*":
            return any(fits(pattern[1:], text[skip:]) for skip in range(len(text) + 1))
        return bool(text) and pattern[0] in ("?", text[0]) and fits(pattern[1:], text[1:])

    assert is_allowed(allow(resource=pattern), resource=text) is fits(pattern, text)
