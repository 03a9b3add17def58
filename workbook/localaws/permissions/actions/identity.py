"""Actions of IAM and STS [SAR]."""

from collections.abc import Iterator

from workbook.localaws.permissions.actions.call import Access, Call, Service

# For each parameter that names an entity: its part of the ARN, and its name in messages [SEEN].
_ENTITIES = {
    "RoleName": ("role", "role {}"),
    "UserName": ("user", "user {}"),
    "GroupName": ("group", "group {}"),
    "InstanceProfileName": ("instance-profile", "instance profile {}"),
    "PolicyArn": ("policy", "policy {}"),
    "PolicyName": ("policy", ""),
}
_LISTED = {"ListGroups": "group", "ListInstanceProfiles": "instance-profile"}
_LISTED |= {"ListPolicies": "policy", "ListRoles": "role", "ListUsers": "user"}


def entity(call: Call) -> Iterator[Access]:
    """Yield access to the entity of a call of IAM."""
    action = f"iam:{call.operation}"
    if call.operation in _LISTED:
        yield Access(action, _arn(call, _LISTED[call.operation], ""))
        return
    for parameter in _order(call.operation):
        kind, shown = _ENTITIES[parameter]
        for name in call.values(parameter):
            is_new = call.operation.startswith("Create") and parameter != "PolicyArn"
            path = next(iter(call.values("Path")), "/") if is_new else "/"
            found = None if is_new else call.find(kind, name)
            arn = found or _arn(call, kind, path.lstrip("/") + name)
            yield Access(action, arn, shown=shown.format(name) if shown and not is_new else None)
            return
    arns = next((arns for path in _ARNS if (arns := call.values(path))), (None,))
    yield from (Access(action, arn) for arn in arns)


_ARNS = ("PolicySourceArn", "Arn", "OpenIDConnectProviderArn", "SAMLProviderArn")


def _order(operation: str) -> tuple[str, ...]:
    """Return the parameters to search for an operation's entity; a policy's is the last."""
    if operation in ("AddUserToGroup", "RemoveUserFromGroup"):
        return ("GroupName",)
    if operation in ("AddRoleToInstanceProfile", "RemoveRoleFromInstanceProfile"):
        return ("InstanceProfileName",)
    return tuple(_ENTITIES)


def _arn(call: Call, kind: str, name: str) -> str:
    return call.arn(f"iam::{{account}}:{kind}/{{name}}", name)


class _Iam(Service):
    """IAM, whose operations all have an entity as resource."""

    def accesses(self, call: Call) -> Iterator[Access]:
        context = self.context(call)
        for access in entity(call):
            yield Access(access.action, access.resource, context, access.shown)


IAM = _Iam(
    keys={
        "iam:PolicyARN": "PolicyArn",
        "iam:PermissionsBoundary": "PermissionsBoundary",
        "iam:AWSServiceName": "AWSServiceName",
    }
)
STS = Service(
    resources={
        "RoleArn": "",
        "TargetPrincipal": "iam::{name}:root",
        "Name": "sts::{account}:federated-user/{name}",
    },
    keys={"sts:ExternalId": "ExternalId", "sts:RoleSessionName": "RoleSessionName"},
)
