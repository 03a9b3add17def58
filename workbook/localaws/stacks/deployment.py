"""Bring a stack to its definition: create, update, delete and roll back its resources."""

import asyncio
import json
import logging
import uuid
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from workbook.localaws.api.errors import ApiError
from workbook.localaws.clock import Clock
from workbook.localaws.interfaces import Calls
from workbook.localaws.stacks import dynamic, plan
from workbook.localaws.stacks.answers import Answers
from workbook.localaws.stacks.errors import invalid
from workbook.localaws.stacks.kind import Context, Kind
from workbook.localaws.stacks.stack import Definition, Event, Resource, Stack
from workbook.localaws.stacks.supported import kind_of
from workbook.localaws.stacks.template import dependencies

USER = "User Initiated"
INITIATED = "Resource creation Initiated"
CANCELLED = "Resource creation cancelled"
OVERDUE = "Stack creation time exceeded the specified timeout."  # [SEEN]
REPLACING = "Requested update requires the creation of a new physical resource; hence creating one."
NO_IMPORT = "The local AWS does not import existing resources (ImportExistingResources)."
log = logging.getLogger(__name__)


class FailedError(Exception):
    """Resources that could not be created or changed; ``names`` are their logical ids."""

    def __init__(self, names: list[str], reason: str = "") -> None:
        super().__init__(reason)
        self.names = names
        self.reason = reason


class Deployment:
    """Brings a stack to a definition.

    Args:
        stack: the stack to change.
        calls: the services' APIs.
        clock: the clock for events and waits.
        answers: receives the responses of custom resources.
        exports: returns the exports of all stacks except the given one, by name.
        asked: the parameters of the operation, such as CreateStack.
    """

    def __init__(
        self,
        stack: Stack,
        calls: Calls,
        clock: Clock,
        answers: Answers,
        exports: Callable[[Stack | None], Mapping[str, str]],
        asked: Mapping[str, Any],
    ) -> None:
        self._stack = stack
        self._calls = calls
        self._clock = clock
        self._answers = answers
        self._exports = exports
        self._asked = asked
        self._token = str(asked.get("ClientRequestToken") or "")
        self._tags: Mapping[str, str] = {}
        self._old: list[Resource] = []  # resources that were replaced

    # --- the three operations

    async def create(self, definition: Definition) -> None:
        """Create the stack's resources; if one fails, delete them all again."""
        stack = self._stack
        stack.definition, self._tags = definition, definition.tags
        self._note("CREATE_IN_PROGRESS", USER)
        try:
            await self._apply(definition, self._asked.get("TimeoutInMinutes"))
            stack.outputs = self._outputs(definition)
        except FailedError as failure:
            await self._end_failed_creation(failure)
            return
        self._note("CREATE_COMPLETE")

    async def update(self, definition: Definition) -> None:
        """Update the stack's resources; if one fails, change all of them back."""
        stack = self._stack
        before, previous = dict(stack.resources), stack.definition
        outputs = stack.outputs
        self._tags = definition.tags
        stack.updated = self._clock.now()
        self._note("UPDATE_IN_PROGRESS", USER)
        try:
            await self._apply(definition)
            stack.outputs = self._outputs(definition)
        except FailedError as failure:
            stack.outputs = outputs
            if self._action() == "DO_NOTHING":
                stack.definition = definition
                self._note("UPDATE_FAILED", _failure("update", failure))
                return
            self._note("UPDATE_ROLLBACK_IN_PROGRESS", _failure("update", failure))
            await self._change_back(before, previous)
            return
        stack.definition = definition
        self._note("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")
        gone = [
            one for name, one in stack.resources.items() if name not in self._wanted(definition)
        ]
        for one in gone:
            del stack.resources[one.logical_id]
        await self._remove([*self._old, *gone], before_template=previous)
        self._note("UPDATE_COMPLETE")

    async def delete(self, retained: Iterable[str] = ()) -> None:
        """Delete the stack's resources."""
        stack = self._stack
        self._tags = stack.definition.tags if stack.definition else {}
        self._note("DELETE_IN_PROGRESS", USER)
        kept = set(retained)
        resources = [
            replace(one, policies={"DeletionPolicy": "Retain"}) if one.logical_id in kept else one
            for one in stack.resources.values()
        ]
        failed = await self._remove(resources, before_template=stack.definition)
        if failed and self._asked.get("DeletionMode") != "FORCE_DELETE_STACK":
            text = f"The following resource(s) failed to delete: [{', '.join(failed)}]. "
            self._note("DELETE_FAILED", text)
            return
        stack.resources.clear()
        stack.outputs = []
        stack.deleted = self._clock.now()
        self._note("DELETE_COMPLETE")

    # --- steps

    async def _apply(self, definition: Definition, minutes: int | None = None) -> None:
        """Bring every resource to its definition, each after those that it depends on.

        Args:
            definition: the definition.
            minutes: the longest that it may take; None for no limit.

        Raises:
            FailedError: some failed; everything in progress has ended.
        """
        stack = self._stack
        previous = stack.definition
        retagged = previous is not None and previous.tags != definition.tags
        kept = self._wanted(definition)

        async def bring(name: str) -> None:
            try:
                names = plan.scope(stack, definition, self._exports(None))
                new = plan.worked_out(name, definition, names)
                present = stack.resources.get(name)
                change = plan.change(present, new, retagged)
            except ApiError as error:
                self._mark(Resource(name, kept[name]["Type"], {}), "CREATE_FAILED", error.message)
                raise
            if change is None:
                assert present is not None
                stack.resources[name] = replace(new, **_state(present))
            elif change.action == "Add":
                await self._create(new)
            elif present is not None and change.replaced_by:
                await self._replace(present, new)
            elif present is not None:
                await self._update(present, new, always=True)

        await self._in_order(dependencies(kept), bring, kept, minutes)

    async def _in_order(
        self,
        after: Mapping[str, set[str]],
        work: Callable[[str], Awaitable[None]],
        kept: Mapping[str, Mapping[str, Any]],
        minutes: int | None,
    ) -> None:
        waiting = {name: set(others) for name, others in after.items()}
        running: dict[asyncio.Task[None], str] = {}
        failed: list[str] = []
        limit = asyncio.ensure_future(self._clock.sleep(minutes * 60)) if minutes else None
        reason = ""
        try:
            while running or (waiting and not failed and not reason):
                if not failed and not reason:
                    busy = waiting.keys() | set(running.values())
                    for name in [one for one, others in waiting.items() if not others & busy]:
                        del waiting[name]
                        running[asyncio.ensure_future(work(name))] = name
                timer = {limit} if limit and not reason else set()
                done, _ = await asyncio.wait(
                    {*running, *timer}, return_when=asyncio.FIRST_COMPLETED
                )
                if limit in done:
                    reason = OVERDUE
                for task in done - timer:
                    name = running.pop(task)
                    if task.cancelled():
                        failed.append(name)
                    elif error := task.exception():
                        failed.append(name)
                        if not isinstance(error, ApiError):
                            log.error("%s of %s failed", name, self._stack.name, exc_info=error)
                if failed or reason:
                    for task, name in running.items():
                        if kind_of(kept[name]["Type"], name).CANCELLABLE:
                            task.cancel()
        finally:
            for task in [*running, *([limit] if limit else [])]:
                task.cancel()
        if failed or reason:
            raise FailedError(failed, reason)

    async def _create(self, new: Resource) -> None:
        self._mark(new, "CREATE_IN_PROGRESS")
        try:
            properties = await self._given(new)
            made = await self._kind(new).create(self._context(new), properties)
        except asyncio.CancelledError:
            self._mark(new, "CREATE_FAILED", CANCELLED)
            raise
        except Exception as error:
            reason = _reason(error)
            if self._asked.get("ImportExistingResources") and "AlreadyExists" in reason:
                reason += f" {NO_IMPORT}"
            self._mark(new, "CREATE_FAILED", reason)
            raise
        new = replace(new, made=made)
        self._mark(new, "CREATE_IN_PROGRESS", INITIATED)
        self._mark(new, "CREATE_COMPLETE")

    async def _update(self, present: Resource, new: Resource, *, always: bool = False) -> None:
        made = present.made
        assert made is not None
        new = replace(new, made=made)
        self._mark(new, "UPDATE_IN_PROGRESS")
        try:
            if always or present.properties != new.properties:
                old = await self._resolved(present.properties)
                now = await self._given(new)
                made = await self._kind(new).update(self._context(new), made, old, now)
        except asyncio.CancelledError:
            self._mark(replace(present, made=made), "UPDATE_FAILED", "Resource update cancelled")
            raise
        except Exception as error:
            self._mark(replace(present, made=made), "UPDATE_FAILED", _reason(error))
            raise
        if made.physical_id != present.physical_id:  # a custom resource may return another id
            self._old.append(present)
        self._mark(replace(new, made=made), "UPDATE_COMPLETE")

    async def _replace(self, present: Resource, new: Resource) -> None:
        self._mark(replace(new, made=present.made), "UPDATE_IN_PROGRESS", REPLACING)
        try:
            properties = await self._given(new)
            made = await self._kind(new).create(self._context(new), properties)
        except asyncio.CancelledError:
            self._mark(present, "UPDATE_FAILED", "Resource update cancelled")
            raise
        except Exception as error:
            self._mark(present, "UPDATE_FAILED", _reason(error))
            raise
        new = replace(new, made=made)
        self._mark(new, "UPDATE_IN_PROGRESS", INITIATED)
        self._mark(new, "UPDATE_COMPLETE")
        self._old.append(present)

    async def _change_back(
        self, before: Mapping[str, Resource], previous: Definition | None
    ) -> None:
        """Undo a failed update."""
        stack = self._stack
        self._tags = previous.tags if previous else {}
        old, self._old = {one.logical_id: one for one in self._old}, []
        added: list[Resource] = []
        failed: list[str] = []
        for name, now in reversed(list(stack.resources.items())):
            was = before.get(name)
            if was is None:
                added.append(now)
                del stack.resources[name]
            elif name in old and now.physical_id != was.physical_id:
                added.append(now)
                self._mark(was, "UPDATE_COMPLETE")
            elif now.properties != was.properties or now.status == "UPDATE_FAILED":
                try:
                    await self._update(now, was, always=now.properties != was.properties)
                except Exception:
                    failed.append(name)
            else:
                stack.resources[name] = was
        if failed:
            text = f"The following resource(s) failed to update: [{', '.join(failed)}]. "
            self._note("UPDATE_ROLLBACK_FAILED", text)
            return
        self._note("UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS")
        await self._remove([one for one in added if one.made], creating=True)
        self._note("UPDATE_ROLLBACK_COMPLETE")

    async def _end_failed_creation(self, failure: FailedError) -> None:
        stack = self._stack
        action = self._action()
        if action == "DO_NOTHING":
            self._note("CREATE_FAILED", _failure("create", failure))
            return
        begun, who = (
            ("DELETE_IN_PROGRESS", "Delete")
            if action == "DELETE"
            else ("ROLLBACK_IN_PROGRESS", "Rollback")
        )
        self._note(begun, f"{_failure('create', failure)} {who} requested by user.")
        failed = await self._remove(
            list(stack.resources.values()),
            before_template=stack.definition,
            creating=True,
        )
        if failed:
            text = f"The following resource(s) failed to delete: [{', '.join(failed)}]. "
            self._note("DELETE_FAILED" if action == "DELETE" else "ROLLBACK_FAILED", text)
            return
        if action == "DELETE":
            stack.resources.clear()
            stack.deleted = self._clock.now()
        self._note("DELETE_COMPLETE" if action == "DELETE" else "ROLLBACK_COMPLETE")

    def _action(self) -> str:
        """Return what happens on failure: ROLLBACK, DELETE or DO_NOTHING."""
        asked = self._asked
        chosen = asked.get("OnFailure") or asked.get("OnStackFailure")
        return str(chosen or ("DO_NOTHING" if asked.get("DisableRollback") else "ROLLBACK"))

    async def _remove(
        self,
        resources: list[Resource],
        *,
        before_template: Definition | None = None,
        creating: bool = False,
    ) -> list[str]:
        """Delete resources, each before those that it depends on; return the names that failed."""
        known = before_template.resources if before_template else {}
        order = _dependants_first([one.logical_id for one in resources], dependencies(known))
        failed: list[str] = []
        for one in sorted(resources, key=lambda one: order.index(one.logical_id)):
            present = self._stack.resources.get(one.logical_id)
            replaced = present is not None and present.physical_id != one.physical_id
            current = present is not None and not replaced
            if one.status in ("DELETE_COMPLETE", "DELETE_SKIPPED"):
                continue
            if one.made is None:
                if current and one.status == "CREATE_FAILED":
                    self._mark(one, "DELETE_COMPLETE", keep=current)
                continue
            policy = one.policies.get(
                "UpdateReplacePolicy" if replaced else "DeletionPolicy", "Delete"
            )
            if policy == "Retain" and creating and self._asked.get("RetainExceptOnCreate"):
                policy = "RetainExceptOnCreate"
            if policy == "Retain" or (policy == "RetainExceptOnCreate" and not creating):
                self._mark(one, "DELETE_SKIPPED", keep=current)
                continue
            self._mark(one, "DELETE_IN_PROGRESS", keep=current)
            try:
                properties = await self._resolved(one.properties)
                await self._kind(one).delete(self._context(one), one.made, properties)
            except Exception as error:
                self._mark(one, "DELETE_FAILED", _reason(error), keep=current)
                failed.append(one.logical_id)
                continue
            self._mark(one, "DELETE_COMPLETE", keep=current)
        return failed

    # --- helpers

    def _wanted(self, definition: Definition) -> dict[str, Mapping[str, Any]]:
        return plan.wanted(definition, plan.scope(self._stack, definition, self._exports(None)))

    def _outputs(self, definition: Definition) -> list[dict[str, str]]:
        names = plan.scope(self._stack, definition, self._exports(None))
        try:
            found = plan.outputs(self._stack, definition, names)
            others = self._exports(self._stack)
            for one in found:
                if one.get("ExportName") in others:
                    raise invalid(f"Export with name {one['ExportName']} is already exported.")
        except ApiError as error:
            raise FailedError([], error.message) from None
        return found

    def _kind(self, resource: Resource) -> Kind:
        return kind_of(resource.type, resource.logical_id)

    def _context(self, resource: Resource) -> Context:
        return Context(
            self._calls,
            self._clock,
            self._stack.region,
            self._stack.id,
            self._tags,
            resource.logical_id,
            resource.type,
            self._answers,
        )

    def _note(self, status: str, reason: str = "") -> None:
        self._stack.note(status, reason, self._clock.now(), self._token)

    def _mark(
        self,
        resource: Resource,
        status: str,
        reason: str = "",
        *,
        keep: bool = True,
    ) -> None:
        """Record a resource's state as an event; if ``keep`` is true, also in the stack."""
        now = self._clock.now()
        if keep:
            self._stack.resources[resource.logical_id] = replace(
                resource, status=status, reason=reason, at=now
            )
        self._stack.events.append(
            Event(
                resource.logical_id,
                resource.physical_id,
                resource.type,
                status,
                reason,
                now,
                json.dumps(resource.properties, default=str),
                self._token,
            )
        )

    async def _given(self, resource: Resource) -> dict[str, Any]:
        """Return a resource's properties, as its kind is to get them."""
        properties: dict[str, Any] = await self._resolved(resource.properties)
        self._kind(resource).check_schema(properties, resource.logical_id)
        return properties

    async def _resolved(self, value: Any) -> Any:
        """Return properties with their dynamic references resolved."""
        return await dynamic.resolved(self._calls, self._stack.region, value)


def _state(present: Resource) -> dict[str, Any]:
    """Return the parts of a resource that do not change with its state."""
    return {name: getattr(present, name) for name in ("made", "status", "reason", "at")}


def _failure(action: str, failure: FailedError) -> str:
    if failure.reason:
        return failure.reason
    return f"The following resource(s) failed to {action}: [{', '.join(failure.names)}]."


def _reason(error: Exception) -> str:
    """Return the reason of a failure, as shown in events [SEEN]."""
    if not isinstance(error, ApiError):
        return f"Internal Failure: {error!r}"
    service = error.fields.get("Service")
    if not service:
        return error.message
    if error.status == 404:
        code = "NotFound"
    elif "Exist" in error.code or "InUse" in error.code:
        code = "AlreadyExists"
    else:
        code = "InvalidRequest"
    return (
        f'Resource handler returned message: "{error.message} (Service: {service}, Status Code: '
        f'{error.status}, Request ID: {uuid.uuid4()})" (RequestToken: {uuid.uuid4()}, '
        f"HandlerErrorCode: {code})"
    )


def _dependants_first(names: list[str], after: Mapping[str, set[str]]) -> list[str]:
    """Return names in an order in which they can be deleted."""
    order: list[str] = []

    def visit(name: str) -> None:
        if name in order:
            return
        for other in names:
            if name in after.get(other, ()) and other not in order:
                visit(other)
        order.append(name)

    for name in reversed(names):
        visit(name)
    return order
