// A function that reads a stream, as CDK deploys it: `cdk bootstrap`, `cdk deploy`.
import { App, CfnOutput, Duration, Stack } from "aws-cdk-lib";
import { Stream } from "aws-cdk-lib/aws-kinesis";
import { Code, Function, Runtime, StartingPosition } from "aws-cdk-lib/aws-lambda";
import { KinesisEventSource, SqsDlq } from "aws-cdk-lib/aws-lambda-event-sources";
import { Queue } from "aws-cdk-lib/aws-sqs";

const stack = new Stack(new App(), "CdkSample");
const stream = new Stream(stack, "Input", { shardCount: 1 }); // encrypted, and kept at the end
const reader = new Function(stack, "Reader", {
  runtime: Runtime.PYTHON_3_13,
  handler: "app.handler",
  code: Code.fromAsset("function"),
  timeout: Duration.seconds(20),
  environment: { GREETING: process.env.GREETING ?? "saw" },
});
reader.addEventSource(
  new KinesisEventSource(stream, {
    startingPosition: StartingPosition.TRIM_HORIZON,
    retryAttempts: 2,
    onFailure: new SqsDlq(new Queue(stack, "Failures")),
  }),
);
new CfnOutput(stack, "Stream", { value: stream.streamName });
new CfnOutput(stack, "Function", { value: reader.functionName });
