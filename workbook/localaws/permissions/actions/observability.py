"""Actions of CloudWatch Logs and CloudWatch [SAR]."""

from collections.abc import Iterator

from workbook.localaws.permissions.actions.call import Access, Call, Service

_GROUP = "logs:{region}:{account}:log-group:{name}"


def _group(call: Call) -> Iterator[Access]:
    """Yield access to a log group, whose ARN ends like a log stream's without a name [SEEN].

    So a policy on the group must end in ``:*``.
    """
    named = ("logGroupName", "logGroupNames", "logGroupIdentifier", "logGroupIdentifiers")
    names = next((names for path in named if (names := call.values(path))), ("",))
    for name in names:
        yield Access(LOGS.action(call), f"{_bare(call.arn(_GROUP, name))}:log-stream:")


def _stream(call: Call) -> Iterator[Access]:
    groups = call.values("logGroupName") or call.values("logGroupIdentifier")
    for group, stream in zip(groups, call.values("logStreamName"), strict=False):
        arn = f"{_bare(call.arn(_GROUP, group))}:log-stream:{stream}"
        yield Access(LOGS.action(call), arn)


def _bare(arn: str) -> str:
    return arn.removesuffix(":*")


def _destination(call: Call) -> Iterator[Access]:
    for name in call.values("destinationName"):
        arn = call.arn("logs:{region}:{account}:destination:{name}", name)
        yield Access(LOGS.action(call), arn)


LOGS = Service(
    resources={"resourceArn": "", "anomalyDetectorArn": "", "lookupTableArn": ""},
    special={
        **dict.fromkeys(
            (
                "AssociateKmsKey",
                "CreateExportTask",
                "CreateLogGroup",
                "DeleteDataProtectionPolicy",
                "DeleteLogGroup",
                "DeleteMetricFilter",
                "DeleteRetentionPolicy",
                "DeleteSubscriptionFilter",
                "DeleteTransformer",
                "DescribeLogGroups",
                "DescribeLogStreams",
                "DescribeMetricFilters",
                "DescribeSubscriptionFilters",
                "DisassociateKmsKey",
                "FilterLogEvents",
                "GetDataProtectionPolicy",
                "GetLogGroupFields",
                "GetTransformer",
                "ListTagsLogGroup",
                "PutDataProtectionPolicy",
                "PutLogGroupDeletionProtection",
                "PutMetricFilter",
                "PutRetentionPolicy",
                "PutSubscriptionFilter",
                "PutTransformer",
                "StartLiveTail",
                "StartQuery",
                "TagLogGroup",
                "UntagLogGroup",
            ),
            _group,
        ),
        **dict.fromkeys(
            ("CreateLogStream", "DeleteLogStream", "GetLogEvents", "PutLogEvents"), _stream
        ),
        **dict.fromkeys(
            ("DeleteDestination", "PutDestination", "PutDestinationPolicy"), _destination
        ),
    },
    no_resource=frozenset(
        {"DeleteResourcePolicy", "DescribeResourcePolicies", "PutResourcePolicy"}
    ),
    otherwise=None,  # deliveries, detectors, tables and so on
)

_ALARM = "cloudwatch:{region}:{account}:alarm:{name}"


CLOUDWATCH = Service(
    resources={
        "AlarmNames": _ALARM,
        "AlarmName": _ALARM,
        "DashboardName": "cloudwatch::{account}:dashboard/{name}",
        "DashboardNames": "cloudwatch::{account}:dashboard/{name}",
        "RuleName": "cloudwatch:{region}:{account}:insight-rule/{name}",
        "RuleNames": "cloudwatch:{region}:{account}:insight-rule/{name}",
        "ResourceARN": "",
    },
    keys={
        "cloudwatch:namespace": "Namespace",
        "cloudwatch:AlarmActions": "AlarmActions",
    },
    special={
        **{
            f"{verb}MetricStream{end}": Service(
                resources={
                    "Name": "cloudwatch:{region}:{account}:metric-stream/{name}",
                    "Names": "cloudwatch:{region}:{account}:metric-stream/{name}",
                }
            ).accesses
            for verb, end in (
                ("Delete", ""),
                ("Get", ""),
                ("Put", ""),
                ("Start", "s"),
                ("Stop", "s"),
            )
        },
        **{
            f"{verb}AlarmMuteRule": Service(
                resources={
                    "AlarmMuteRuleName": "cloudwatch:{region}:{account}:alarm-mute-rule:{name}",
                    "Name": "cloudwatch:{region}:{account}:alarm-mute-rule:{name}",
                }
            ).accesses
            for verb in ("Delete", "Get", "Put")
        },
    },
    no_resource=frozenset({"ListManagedInsightRules"}),
    unknown=frozenset({"ListAlarmMuteRules"}),
)
