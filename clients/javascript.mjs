// The JavaScript SDK as it comes (its Kinesis client speaks HTTP/2): put, get, subscribe, invoke.
import {
  CreateStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
  PutRecordsCommand,
  RegisterStreamConsumerCommand,
  SubscribeToShardCommand,
  DescribeStreamConsumerCommand,
  waitUntilStreamExists,
} from "@aws-sdk/client-kinesis";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";

const [endpoint, stream, functionName] = process.argv.slice(2);
const settings = {
  endpoint,
  region: "us-east-1",
  credentials: { accessKeyId: "test", secretAccessKey: "test" },
};
const kinesis = new KinesisClient(settings);
const lambda = new LambdaClient(settings);
const text = (record) => Buffer.from(record.Data).toString();

await kinesis.send(new CreateStreamCommand({ StreamName: stream, ShardCount: 1 }));
const described = await waitUntilStreamExists(
  { client: kinesis, maxWaitTime: 30, minDelay: 1, maxDelay: 2 },
  { StreamName: stream },
);
const put = await kinesis.send(
  new PutRecordsCommand({
    StreamName: stream,
    Records: ["one", "two"].map((data) => ({ Data: Buffer.from(data), PartitionKey: "k" })),
  }),
);
const shard = { StreamName: stream, ShardId: put.Records[0].ShardId };
const { ShardIterator } = await kinesis.send(
  new GetShardIteratorCommand({ ...shard, ShardIteratorType: "TRIM_HORIZON" }),
);
const got = await kinesis.send(new GetRecordsCommand({ ShardIterator }));

const { Consumer } = await kinesis.send(
  new RegisterStreamConsumerCommand({
    StreamARN: described.reason.StreamDescription.StreamARN,
    ConsumerName: "javascript",
  }),
);
const { ConsumerARN } = Consumer;
for (let status = ""; status !== "ACTIVE"; ) {
  const answer = await kinesis.send(new DescribeStreamConsumerCommand({ ConsumerARN }));
  status = answer.ConsumerDescription.ConsumerStatus;
}
const subscription = await kinesis.send(
  new SubscribeToShardCommand({
    ConsumerARN,
    ShardId: shard.ShardId,
    StartingPosition: { Type: "TRIM_HORIZON" },
  }),
);
const pushed = [];
for await (const event of subscription.EventStream) {
  pushed.push(...event.SubscribeToShardEvent.Records.map(text));
  if (pushed.length >= 2) break;
}

const invoked = await lambda.send(
  new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify({ x: 20 }) }),
);
console.log(
  JSON.stringify({
    failed: put.FailedRecordCount,
    got: got.Records.map(text),
    arrived: got.Records.every((record) => record.ApproximateArrivalTimestamp instanceof Date),
    pushed,
    answer: JSON.parse(Buffer.from(invoked.Payload).toString()),
  }),
);
process.exit(0);
