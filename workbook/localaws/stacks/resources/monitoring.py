"""Alarms and dashboards [CFNL]."""

from collections.abc import Mapping
from typing import Any

from workbook.localaws.stacks.kind import Context, Kind, Made, as_json, properties


class Alarm(Kind):
    """AWS::CloudWatch::Alarm."""

    TYPE = "AWS::CloudWatch::Alarm"
    API = "cloudwatch.PutMetricAlarm"
    PROPERTIES = properties(
        "ActionsEnabled AlarmActions AlarmDescription AlarmName ComparisonOperator "
        "DatapointsToAlarm Dimensions EvaluateLowSampleCountPercentile EvaluationPeriods "
        "ExtendedStatistic InsufficientDataActions MetricName Metrics Namespace OKActions Period "
        "Statistic Tags Threshold ThresholdMetricId TreatMissingData Unit"
    )
    REPLACES = frozenset({"AlarmName"})
    ATTRIBUTES = frozenset({"Arn"})

    async def create(self, context: Context, properties: Mapping[str, Any]) -> Made:
        return await self._put(context, context.name(properties.get("AlarmName")), properties)

    async def update(
        self, context: Context, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Made:
        return await self._put(context, made.physical_id, new)

    async def _put(self, context: Context, name: str, properties: Mapping[str, Any]) -> Made:
        asked = {**self.parameters(properties), "AlarmName": name}
        await context.call(self.API, **asked, Tags=context.tag_list(properties.get("Tags")))
        return Made(name, {"Arn": context.arn("cloudwatch", f"alarm:{name}")})

    async def delete(self, context: Context, made: Made, properties: Mapping[str, Any]) -> None:
        await context.gone("cloudwatch.DeleteAlarms", AlarmNames=[made.physical_id])


class Dashboard(Kind):
    """AWS::CloudWatch::Dashboard."""

    TYPE = "AWS::CloudWatch::Dashboard"
    REQUIRED = frozenset({"DashboardBody"})
    PROPERTIES = dict.fromkeys(("DashboardBody", "DashboardName"))
    REPLACES = frozenset({"DashboardName"})

    async def create(self, context: Context, properties: Mapping[str, Any]) -> Made:
        name = context.name(properties.get("DashboardName"))
        return await self._put(context, name, properties)

    async def update(
        self, context: Context, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> Made:
        return await self._put(context, made.physical_id, new)

    async def _put(self, context: Context, name: str, properties: Mapping[str, Any]) -> Made:
        body = as_json(properties["DashboardBody"])
        await context.call("cloudwatch.PutDashboard", DashboardName=name, DashboardBody=body)
        return Made(name)

    async def delete(self, context: Context, made: Made, properties: Mapping[str, Any]) -> None:
        await context.gone("cloudwatch.DeleteDashboards", DashboardNames=[made.physical_id])


KINDS = (Alarm(), Dashboard())
