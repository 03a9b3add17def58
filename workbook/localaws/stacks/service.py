"""CloudFormation's API: reads requests, stores the stacks, and runs their deployments."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any

from workbook.localaws.api.errors import ApiError
from workbook.localaws.api.http import Request, Response
from workbook.localaws.api.query import QueryApi
from workbook.localaws.clock import Clock
from workbook.localaws.interfaces import Calls, ExecutionRoles
from workbook.localaws.stacks import parameters, plan, requests, template, transform
from workbook.localaws.stacks.answers import Answers
from workbook.localaws.stacks.definitions import Definitions, as_body
from workbook.localaws.stacks.deployment import Deployment
from workbook.localaws.stacks.errors import invalid
from workbook.localaws.stacks.resources.iam import capabilities
from workbook.localaws.stacks.stack import ChangeSet, Definition, Resource, Stack, new_arn
from workbook.localaws.stacks.values import Scope, as_text

HOLD_SECONDS = 10.0  # the longest that an operation waits for its stack
PAGE = 100
CLOUDFORMATION = "cloudformation.amazonaws.com"
NO_UPDATES = "No updates are to be performed."
NO_CHANGES = (
    "The submitted information didn't contain changes. Submit different information to create a "
    "change set."
)
UPDATABLE = {
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_FAILED",
    "UPDATE_ROLLBACK_COMPLETE",
    "IMPORT_COMPLETE",
}
log = logging.getLogger(__name__)
Parameters = Mapping[str, Any]
Answer = dict[str, Any]


class StacksService:
    """Responds to requests to CloudFormation.

    Args:
        calls: the services' APIs, which create resources.
        clock: the clock for events and waits.
        endpoint_url: the local AWS's address, for clients and functions.
        roles: says which roles CloudFormation may assume.
    """

    def __init__(
        self, calls: Calls, clock: Clock, endpoint_url: str, roles: ExecutionRoles
    ) -> None:
        self._calls = calls
        self._roles = roles
        self._clock = clock
        self._api = QueryApi("cloudformation")
        self._answers = Answers(endpoint_url)
        self._definitions = Definitions(calls, endpoint_url)
        self._stacks: dict[str, list[Stack]] = {}
        self._running: dict[str, asyncio.Task[None]] = {}

    async def close(self) -> None:
        """Cancel the deployments in progress."""
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    def is_answer(self, request: Request) -> bool:
        """Return whether a request is the response of a custom resource."""
        return self._answers.is_for(request)

    async def respond(self, request: Request) -> Response:
        """Respond to a request."""
        if self._answers.is_for(request):
            return self._answers.take(request)
        action = ""
        try:
            action, asked = self._api.read(request)
            operation = OPERATIONS.get(action)
            if operation is None:
                raise ApiError(
                    "InvalidAction",
                    f"The local AWS does not support the operation {action} of CloudFormation.",
                )
            requests.check(action, asked)
            return self._api.answer(action, await operation(self, request.region, asked) or {})
        except ApiError as error:
            return self._api.error(error)
        except Exception as fault:
            log.exception("%s failed", action)
            return self._api.error(ApiError("InternalFailure", f"{action}: {fault!r}", 500))

    # --- stacks

    async def create_stack(self, region: str, asked: Parameters) -> Answer:
        """Handle CreateStack."""
        name = _name(asked)
        present = self._find(region, name)
        if present is not None:
            if _is_known(present, "CreateStack", asked):
                return {"StackId": present.id}
            raise ApiError("AlreadyExistsException", f"Stack [{name}] already exists")
        stack = Stack(new_arn(region, f"stack/{name}"), name, region, self._clock.now(), asked)
        stack.protected = bool(asked.get("EnableTerminationProtection"))
        self._check_role(asked)
        definition = await self._define(stack, asked)
        _note_token(stack, "CreateStack", asked)
        self._stacks.setdefault(region, []).append(stack)
        await self._run(stack, self._deployment(stack, asked).create(definition))
        return {"StackId": stack.id}

    async def update_stack(self, region: str, asked: Parameters) -> Answer:
        """Handle UpdateStack."""
        stack = self._get(region, asked.get("StackName", ""))
        if _is_known(stack, "UpdateStack", asked):
            return {"StackId": stack.id}
        self._check_updatable(stack)
        self._check_role({**stack.asked, **asked})
        definition = await self._define(stack, asked)
        if not self._differs(stack, definition):
            raise invalid(NO_UPDATES)
        _note_token(stack, "UpdateStack", asked)
        stack.asked = {**stack.asked, **asked}
        await self._run(stack, self._deployment(stack, asked).update(definition))
        return {"StackId": stack.id}

    async def delete_stack(self, region: str, asked: Parameters) -> None:
        """Handle DeleteStack; it also succeeds if the stack does not exist."""
        stack = self._find(region, asked.get("StackName", ""))
        if stack is None or stack.status == "DELETE_COMPLETE":
            return
        if stack.protected:
            raise invalid(
                f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled"
            )
        retained = asked.get("RetainResources") or []
        if stack.status != "DELETE_FAILED" and (
            retained or asked.get("DeletionMode") == "FORCE_DELETE_STACK"
        ):  # [BC; ?]
            raise invalid(
                f"Invalid operation on stack [{stack.name}]. RetainResources and "
                "FORCE_DELETE_STACK are for stacks in the state DELETE_FAILED."
            )
        self._check_role({**stack.asked, **asked})
        for export in stack.exports:
            importing = self._importing(region, export)
            if importing:
                stack.note(
                    "DELETE_FAILED",
                    f"Export {export} cannot be deleted as it is in use by "
                    f"{' and '.join(importing)}",
                    self._clock.now(),
                )
                return
        if task := self._running.get(stack.id):
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await self._run(stack, self._deployment(stack, asked).delete(retained))

    async def describe_stacks(self, region: str, asked: Parameters) -> Answer:
        """Handle DescribeStacks."""
        if asked.get("StackName"):
            return {"Stacks": [_described(self._get(region, asked["StackName"], gone=True))]}
        there = [one for one in self._all(region) if one.status != "DELETE_COMPLETE"]
        return _page("Stacks", [_described(one) for one in reversed(there)], asked)

    async def list_stacks(self, region: str, asked: Parameters) -> Answer:
        """Handle ListStacks."""
        wanted = asked.get("StackStatusFilter")
        found = [
            {**_summary(one), "TemplateDescription": _described(one).get("Description")}
            for one in reversed(self._all(region))
            if not wanted or one.status in wanted
        ]
        return _page("StackSummaries", found, asked)

    async def describe_stack_events(self, region: str, asked: Parameters) -> Answer:
        """Handle DescribeStackEvents: newest first."""
        stack = self._get(region, asked.get("StackName", ""), gone=True)
        events = [
            {
                "StackId": stack.id,
                "EventId": one.identity
                if one.logical_id == stack.name
                else f"{one.logical_id}-{one.status}-{one.identity[:8]}",
                "StackName": stack.name,
                "LogicalResourceId": one.logical_id,
                "PhysicalResourceId": one.physical_id,
                "ResourceType": one.type,
                "Timestamp": one.at,
                "ResourceStatus": one.status,
                "ResourceStatusReason": one.reason or None,
                "ResourceProperties": one.properties or None,
                "ClientRequestToken": one.token or None,
            }
            for one in reversed(stack.events)
        ]
        return _page("StackEvents", events, asked)

    async def describe_stack_resource(self, region: str, asked: Parameters) -> Answer:
        """Handle DescribeStackResource."""
        stack = self._get(region, asked.get("StackName", ""), gone=True)
        one = self._resource(stack, asked.get("LogicalResourceId", ""))
        described = {
            **_resource(stack, one),
            "LastUpdatedTimestamp": one.at,
            "DriftInformation": {"StackResourceDriftStatus": "NOT_CHECKED"},
        }
        if one.metadata is not None:
            described["Metadata"] = as_body(one.metadata)
        return {"StackResourceDetail": described}

    async def describe_stack_resources(self, region: str, asked: Parameters) -> Answer:
        """Handle DescribeStackResources: for a stack, or for the stack with a physical id."""
        if asked.get("StackName"):
            stack = self._get(region, asked["StackName"], gone=True)
        else:
            physical = asked.get("PhysicalResourceId")
            owners = [
                one
                for one in self._all(region)
                if any(each.physical_id == physical for each in one.resources.values())
            ]
            if not owners:
                raise invalid(f"Stack for {physical} does not exist")
            stack = owners[0]
        wanted = asked.get("LogicalResourceId")
        resources = [one for name, one in stack.resources.items() if wanted in (None, name)]
        return {
            "StackResources": [
                {
                    **_resource(stack, one),
                    "Timestamp": one.at,
                    "DriftInformation": {"StackResourceDriftStatus": "NOT_CHECKED"},
                }
                for one in resources
            ]
        }

    async def list_stack_resources(self, region: str, asked: Parameters) -> Answer:
        """Handle ListStackResources."""
        stack = self._get(region, asked.get("StackName", ""), gone=True)
        found = [
            {
                **{
                    key: value
                    for key, value in _resource(stack, one).items()
                    if key not in ("StackId", "StackName")
                },
                "LastUpdatedTimestamp": one.at,
                "DriftInformation": {"StackResourceDriftStatus": "NOT_CHECKED"},
            }
            for one in stack.resources.values()
        ]
        return _page("StackResourceSummaries", found, asked)

    async def update_termination_protection(self, region: str, asked: Parameters) -> Answer:
        """Handle UpdateTerminationProtection."""
        stack = self._get(region, asked.get("StackName", ""))
        stack.protected = bool(asked.get("EnableTerminationProtection"))
        return {"StackId": stack.id}

    async def get_stack_policy(self, region: str, asked: Parameters) -> Answer:
        """Handle GetStackPolicy: no stack has a policy."""
        self._get(region, asked.get("StackName", ""))
        return {}

    # --- templates

    async def get_template(self, region: str, asked: Parameters) -> Answer:
        """Handle GetTemplate: return it as sent, or with its transforms applied."""
        stack = self._get(region, asked.get("StackName", ""), gone=True)
        definition = stack.definition
        if asked.get("ChangeSetName"):
            definition = self._change_set(region, asked)[1].definition
        if definition is None and stack.change_sets:  # not executed yet
            definition = next(reversed(stack.change_sets.values())).definition
        if definition is None:
            raise invalid(f"Template for stack {stack.name} does not exist")
        processed = asked.get("TemplateStage") == "Processed" and definition.transforms
        body = as_body(definition.template) if processed else definition.body
        return {"TemplateBody": body, "StagesAvailable": ["Original", "Processed"]}

    async def get_template_summary(self, region: str, asked: Parameters) -> Answer:
        """Handle GetTemplateSummary."""
        found = await self._template(region, asked)
        resources = _listed(found)
        needed = capabilities(resources)
        transforms = transform.names(found)
        if transforms:
            needed = [*needed, "CAPABILITY_AUTO_EXPAND"]
        types = sorted({one["Type"] for one in resources.values()})
        return {
            "Parameters": _declared(found),
            "Description": found.get("Description"),
            "Capabilities": needed,
            "CapabilitiesReason": _why(needed, resources),
            "ResourceTypes": types,
            "Version": found.get("AWSTemplateFormatVersion"),
            "Metadata": as_body(found["Metadata"]) if found.get("Metadata") else None,
            "DeclaredTransforms": list(transforms),
            "ResourceIdentifierSummaries": [],
        }

    async def validate_template(self, region: str, asked: Parameters) -> Answer:
        """Handle ValidateTemplate."""
        found = await self._template(region, asked)
        transforms = transform.names(found)
        if not transforms:
            template.check(found)
        needed = capabilities(_listed(found))
        if transforms:
            needed = [*needed, "CAPABILITY_AUTO_EXPAND"]
        return {
            "Parameters": [
                {
                    "ParameterKey": one["ParameterKey"],
                    "DefaultValue": one.get("DefaultValue"),
                    "NoEcho": one["NoEcho"],
                    "Description": one.get("Description"),
                }
                for one in _declared(found)
            ],
            "Description": found.get("Description"),
            "Capabilities": needed,
            "CapabilitiesReason": _why(needed, _listed(found)),
            "DeclaredTransforms": list(transforms),
        }

    async def _template(self, region: str, asked: Parameters) -> dict[str, Any]:
        if asked.get("StackName"):
            stack = self._get(region, asked["StackName"])
            return dict(stack.definition.original) if stack.definition else {}
        nowhere = Stack("", "", region, 0.0)
        return template.parse(await self._definitions.body(nowhere, asked))

    # --- change sets

    async def create_change_set(self, region: str, asked: Parameters) -> Answer:
        """Handle CreateChangeSet."""
        stack_name, name = _name(asked), asked.get("ChangeSetName", "")
        kind = asked.get("ChangeSetType") or "UPDATE"
        if kind == "IMPORT":
            raise invalid("The local AWS does not support change sets of the type IMPORT.")
        stack = self._find(region, stack_name)
        fresh = stack is None or stack.status == "REVIEW_IN_PROGRESS"
        kept = stack.change_sets.get(name) if stack else None
        if stack and kept and _token(kept.asked) and _token(kept.asked) == _token(asked):
            return {"Id": kept.id, "StackId": stack.id}
        if kind == "CREATE" and not fresh:
            raise invalid(
                f"Stack [{stack_name}] already exists and cannot be created again with the "
                f"changeSet [{name}]."
            )
        if kind == "UPDATE":
            if stack is None:
                raise invalid(f"Stack [{stack_name}] does not exist")
            self._check_updatable(stack)
        if stack is None:
            identity = new_arn(region, f"stack/{stack_name}")
            stack = Stack(identity, stack_name, region, self._clock.now(), asked)
            new = True
        else:
            new = False
        if name in stack.change_sets:
            raise ApiError("AlreadyExistsException", f"ChangeSet {name} already exists")
        self._check_role({**stack.asked, **asked})
        definition = await self._define(stack, asked, in_change_set=True)
        changes = plan.changes(stack, definition, self._exports(region))
        if new:
            stack.note("REVIEW_IN_PROGRESS", "User Initiated", self._clock.now())
            self._stacks.setdefault(region, []).append(stack)
        arn = new_arn(region, f"changeSet/{name}")
        made = ChangeSet(
            arn,
            name,
            kind,
            definition,
            changes,
            self._clock.now(),
            asked.get("Description", ""),
            asked=asked,
        )
        if kind == "UPDATE" and not self._differs(stack, definition):
            made.status, made.execution = "FAILED", "UNAVAILABLE"
            made.reason = NO_UPDATES if definition.transforms else NO_CHANGES
        stack.change_sets[name] = made
        return {"Id": arn, "StackId": stack.id}

    async def describe_change_set(self, region: str, asked: Parameters) -> Answer:
        """Handle DescribeChangeSet."""
        stack, one = self._change_set(region, asked)
        definition = one.definition
        described = {
            **_change_set_summary(stack, one),
            "Parameters": _parameters(definition),
            "NotificationARNs": [],
            "Capabilities": one.asked.get("Capabilities") or [],
            "Tags": _tags(definition),
            "Changes": [
                each.described(with_values=bool(asked.get("IncludePropertyValues")))
                for each in one.changes
            ],
            "ChangeSetType": one.kind,
            "OnStackFailure": one.asked.get("OnStackFailure"),
            "ImportExistingResources": one.asked.get("ImportExistingResources"),
        }
        return _page("Changes", described.pop("Changes"), asked) | described

    async def list_change_sets(self, region: str, asked: Parameters) -> Answer:
        """Handle ListChangeSets."""
        stack = self._get(region, asked.get("StackName", ""))
        found = [_change_set_summary(stack, one) for one in stack.change_sets.values()]
        return _page("Summaries", found, asked)

    async def execute_change_set(self, region: str, asked: Parameters) -> None:
        """Handle ExecuteChangeSet."""
        stack, one = self._change_set(region, asked)
        if _is_known(stack, one.id, asked):
            return
        if "DisableRollback" in asked and one.asked.get("OnStackFailure"):  # [BC; ?]
            raise invalid(
                "DisableRollback cannot be specified if OnStackFailure was specified for the "
                "change set."
            )
        if one.execution != "AVAILABLE" or one.definition is None:
            state = one.status if one.status == "FAILED" else one.execution
            raise ApiError(
                "InvalidChangeSetStatus",
                f"ChangeSet [{one.id}] cannot be executed in its current status of [{state}]",
            )
        if stack.in_progress:
            self._check_updatable(stack)
        for other in stack.change_sets.values():
            other.execution = "OBSOLETE"
        one.execution = "EXECUTE_COMPLETE"
        _note_token(stack, one.id, asked)
        asked = {**one.asked, "ClientRequestToken": "", **asked}
        stack.asked = {**stack.asked, "DisableRollback": False, **asked}
        deployment = self._deployment(stack, asked)
        run = deployment.create if one.kind == "CREATE" else deployment.update
        await self._run(stack, run(one.definition))

    async def delete_change_set(self, region: str, asked: Parameters) -> None:
        """Handle DeleteChangeSet."""
        stack, one = self._change_set(region, asked)
        del stack.change_sets[one.name]

    # --- exports

    async def list_exports(self, region: str, asked: Parameters) -> Answer:
        """Handle ListExports."""
        found = [
            {"ExportingStackId": stack.id, "Name": name, "Value": value}
            for stack in self._all(region)
            for name, value in stack.exports.items()
        ]
        return _page("Exports", found, asked)

    async def list_imports(self, region: str, asked: Parameters) -> Answer:
        """Handle ListImports."""
        name = asked.get("ExportName", "")
        importing = self._importing(region, name)
        if not importing:
            raise invalid(f"Export '{name}' is not imported by any stack.")
        return _page("Imports", importing, asked)

    # --- helpers

    def _all(self, region: str) -> list[Stack]:
        return self._stacks.get(region, [])

    def _find(self, region: str, name: str, *, gone: bool = False) -> Stack | None:
        for stack in reversed(self._all(region)):
            if stack.id == name and (gone or stack.status != "DELETE_COMPLETE"):
                return stack
            if stack.name == name and stack.status != "DELETE_COMPLETE":
                return stack
        return None

    def _get(self, region: str, name: str, *, gone: bool = False) -> Stack:
        stack = self._find(region, name, gone=gone)
        if stack is None:
            raise invalid(f"Stack with id {name} does not exist")
        return stack

    def _resource(self, stack: Stack, logical_id: str) -> Resource:
        if logical_id not in stack.resources:
            raise invalid(f"Resource {logical_id} does not exist for stack {stack.name}")
        return stack.resources[logical_id]

    def _change_set(self, region: str, asked: Parameters) -> tuple[Stack, ChangeSet]:
        name = asked.get("ChangeSetName", "")
        stacks = self._all(region)
        if asked.get("StackName"):
            stacks = [self._get(region, asked["StackName"])]
        for stack in stacks:
            for one in stack.change_sets.values():
                if name in (one.id, one.name):
                    return stack, one
        raise ApiError("ChangeSetNotFound", f"ChangeSet [{name}] does not exist", 404)

    def _exports(self, region: str, but: Stack | None = None) -> dict[str, str]:
        return {
            name: value
            for stack in self._all(region)
            if stack is not but
            for name, value in stack.exports.items()
        }

    def _importing(self, region: str, export: str) -> list[str]:
        """Return the names of the stacks that import a value."""
        return [
            stack.name
            for stack in self._all(region)
            if stack.definition is not None
            and stack.status != "DELETE_COMPLETE"
            and export in _imports(stack.definition.template, self._scope(stack))
        ]

    def _scope(self, stack: Stack) -> Scope:
        assert stack.definition is not None
        return plan.scope(stack, stack.definition, self._exports(stack.region))

    def _check_updatable(self, stack: Stack) -> None:
        if stack.status not in UPDATABLE:
            raise invalid(f"Stack:{stack.id} is in {stack.status} state and can not be updated.")

    def _check_role(self, asked: Parameters) -> None:
        """Check that CloudFormation may assume a stack's service role [SEEN]."""
        role = asked.get("RoleARN")
        if role and not self._roles.can_be_assumed(role, CLOUDFORMATION):
            raise invalid(f"Role {role} is invalid or cannot be assumed")

    async def _define(
        self, stack: Stack, asked: Parameters, *, in_change_set: bool = False
    ) -> Definition:
        return await self._definitions.define(
            stack, asked, self._exports(stack.region), in_change_set=in_change_set
        )

    def _differs(self, stack: Stack, definition: Definition) -> bool:
        """Return whether a stack differs from its definition."""
        exports = self._exports(stack.region)
        present = stack.definition
        if present is None or present.tags != definition.tags:
            return True
        if present.parameters != definition.parameters and present.texts == definition.texts:
            return True  # the parameter store has new values [SEEN]
        if plan.changes(stack, definition, exports):
            return True
        names = plan.scope(stack, definition, exports)
        return plan.outputs(stack, definition, names) != stack.outputs

    def _deployment(self, stack: Stack, asked: Parameters) -> Deployment:
        return Deployment(
            stack,
            self._calls,
            self._clock,
            self._answers,
            lambda but: self._exports(stack.region, but),
            asked,
        )

    async def _run(self, stack: Stack, deployment: Coroutine[Any, Any, None]) -> None:
        """Run a deployment, and wait for it for a limited time.

        AWS responds immediately. Clients then poll after 5 to 30 seconds, which is long if a stack
        takes one second: so the response is sent when the stack is ready.
        """
        task = asyncio.get_running_loop().create_task(deployment)
        self._running[stack.id] = task
        task.add_done_callback(lambda done: self._forget(stack, done))
        await asyncio.wait({task}, timeout=HOLD_SECONDS)

    def _forget(self, stack: Stack, task: asyncio.Task[None]) -> None:
        if self._running.get(stack.id) is task:
            del self._running[stack.id]
        if not task.cancelled() and (fault := task.exception()) is not None:
            failed = stack.status.replace("_IN_PROGRESS", "_FAILED")
            stack.note(failed, f"Internal Failure: {fault!r}", self._clock.now())


def _token(asked: Parameters) -> str:
    return str(asked.get("ClientRequestToken") or asked.get("ClientToken") or "")


def _is_known(stack: Stack, operation: str, asked: Parameters) -> bool:
    """Return whether a request repeats an earlier one, with the same token [BC].

    Raises:
        ApiError: the token is that of another operation on the stack.
    """
    token = _token(asked)
    if token not in stack.tokens:
        return False
    if stack.tokens[token] != operation:
        raise ApiError(
            "TokenAlreadyExistsException", f"A client request token already exists: {token}"
        )
    return True


def _note_token(stack: Stack, operation: str, asked: Parameters) -> None:
    if token := _token(asked):
        stack.tokens[token] = operation


def _name(asked: Parameters) -> str:
    name: str = asked.get("StackName", "")
    if name.startswith("arn:"):
        return name.split("/")[1]
    head, ok = name[:1], name.replace("-", "")
    if not (head.isascii() and head.isalpha() and ok.isascii() and ok.isalnum()):
        raise invalid(
            f"1 validation error detected: Value '{name}' at 'stackName' failed to satisfy "
            "constraint: Member must satisfy regular expression pattern: "
            "[a-zA-Z][-a-zA-Z0-9]*|arn:[-a-zA-Z0-9:/._+]*"
        )
    if len(name) > 128:
        raise invalid(
            f"1 validation error detected: Value '{name}' at 'stackName' failed to satisfy "
            "constraint: Member must have length less than or equal to 128"
        )
    return name


def _described(stack: Stack) -> dict[str, Any]:
    definition = stack.definition
    described: dict[str, Any] = {
        **_summary(stack),
        "Parameters": _parameters(definition),
        "Outputs": stack.outputs,
        "Tags": _tags(definition),
        "Capabilities": stack.asked.get("Capabilities") or [],
        "NotificationARNs": [],
        "DisableRollback": bool(stack.asked.get("DisableRollback")),
        "RollbackConfiguration": {},
        "EnableTerminationProtection": stack.protected,
        "TimeoutInMinutes": stack.asked.get("TimeoutInMinutes"),
    }
    if definition and definition.original.get("Description"):
        described["Description"] = definition.original["Description"]
    if role := stack.asked.get("RoleARN"):
        described["RoleARN"] = role
    latest = [one for one in stack.change_sets.values() if one.execution == "EXECUTE_COMPLETE"]
    if latest:
        described["ChangeSetId"] = latest[-1].id
    return described


def _summary(stack: Stack) -> dict[str, Any]:
    return {
        "StackId": stack.id,
        "StackName": stack.name,
        "CreationTime": stack.created,
        "LastUpdatedTime": stack.updated,
        "DeletionTime": stack.deleted,
        "StackStatus": stack.status,
        "StackStatusReason": stack.reason or None,
        "DriftInformation": {"StackDriftStatus": "NOT_CHECKED"},
    }


def _resource(stack: Stack, one: Resource) -> dict[str, Any]:
    return {
        "StackName": stack.name,
        "StackId": stack.id,
        "LogicalResourceId": one.logical_id,
        "PhysicalResourceId": one.physical_id or None,
        "ResourceType": one.type,
        "ResourceStatus": one.status,
        "ResourceStatusReason": one.reason or None,
    }


def _change_set_summary(stack: Stack, one: ChangeSet) -> dict[str, Any]:
    return {
        "StackId": stack.id,
        "StackName": stack.name,
        "ChangeSetId": one.id,
        "ChangeSetName": one.name,
        "ExecutionStatus": one.execution,
        "Status": one.status,
        "StatusReason": one.reason or None,
        "CreationTime": one.created,
        "Description": one.description or None,
        "IncludeNestedStacks": bool(one.asked.get("IncludeNestedStacks")),
    }


def _parameters(definition: Definition | None) -> list[dict[str, str]]:
    if definition is None:
        return []
    return parameters.shown(definition.original, definition.texts, definition.parameters)


def _tags(definition: Definition | None) -> list[dict[str, str]]:
    tags = definition.tags if definition else {}
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _declared(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the parameters declared in a template."""
    return [
        {
            "ParameterKey": key,
            "DefaultValue": None if "Default" not in one else as_text(one["Default"]),
            "ParameterType": one.get("Type", "String"),
            "NoEcho": str(one.get("NoEcho", "")).lower() == "true",
            "Description": one.get("Description"),
            "ParameterConstraints": {"AllowedValues": list(map(as_text, one["AllowedValues"]))}
            if one.get("AllowedValues")
            else {},
        }
        for key, one in (found.get("Parameters") or {}).items()
    ]


def _listed(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the resources of a template before its transforms; loops are none yet."""
    resources = found.get("Resources") or {}
    return {name: one for name, one in resources.items() if isinstance(one, dict)}


def _why(needed: list[str], resources: Mapping[str, Any]) -> str | None:
    if not needed:
        return None
    types = sorted({one["Type"] for one in resources.values() if "::IAM::" in one["Type"]})
    return f"The following resource(s) require capabilities: [{', '.join(types)}]"


def _imports(value: Any, names: Scope) -> set[str]:
    """Return the names of all values that a template imports."""
    found: set[str] = set()
    if isinstance(value, list):
        for one in value:
            found |= _imports(one, names)
    if isinstance(value, dict):
        for name, one in value.items():
            if name == "Fn::ImportValue":
                found.add(as_text(names.value(one)))
            found |= _imports(one, names)
    return found


def _page(key: str, items: list[Any], asked: Parameters) -> Answer:
    """Return a page of a list, and the token for the next page."""
    token = asked.get("NextToken") or "0"
    start = int(token) if token.isdecimal() else 0
    answer: Answer = {key: items[start : start + PAGE]}
    if len(items) > start + PAGE:
        answer["NextToken"] = str(start + PAGE)
    return answer


Operation = Callable[[StacksService, str, Parameters], Awaitable[Answer | None]]
OPERATIONS: dict[str, Operation] = {
    "CreateChangeSet": StacksService.create_change_set,
    "CreateStack": StacksService.create_stack,
    "DeleteChangeSet": StacksService.delete_change_set,
    "DeleteStack": StacksService.delete_stack,
    "DescribeChangeSet": StacksService.describe_change_set,
    "DescribeStackEvents": StacksService.describe_stack_events,
    "DescribeStackResource": StacksService.describe_stack_resource,
    "DescribeStackResources": StacksService.describe_stack_resources,
    "DescribeStacks": StacksService.describe_stacks,
    "ExecuteChangeSet": StacksService.execute_change_set,
    "GetStackPolicy": StacksService.get_stack_policy,
    "GetTemplate": StacksService.get_template,
    "GetTemplateSummary": StacksService.get_template_summary,
    "ListChangeSets": StacksService.list_change_sets,
    "ListExports": StacksService.list_exports,
    "ListImports": StacksService.list_imports,
    "ListStackResources": StacksService.list_stack_resources,
    "ListStacks": StacksService.list_stacks,
    "UpdateStack": StacksService.update_stack,
    "UpdateTerminationProtection": StacksService.update_termination_protection,
    "ValidateTemplate": StacksService.validate_template,
}
