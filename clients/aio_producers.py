"""async-kinesis and aiokpl, unmodified: each writes, and async-kinesis reads everything.

Usage: aio_producers.py ENDPOINT STREAM
"""

import asyncio
import json
import sys

from aiokpl import Config
from aiokpl import Producer as AggregatingProducer
from kinesis import Consumer, Producer
from kinesis.processors import JsonProcessor

ENDPOINT, STREAM = sys.argv[1:]
COUNT = 50


async def main() -> None:
    async with Producer(
        stream_name=STREAM,
        endpoint_url=ENDPOINT,
        region_name="us-east-1",
        processor=JsonProcessor(),
        create_stream=True,
        create_stream_shards=2,
    ) as producer:
        for number in range(COUNT):
            await producer.put({"number": number, "by": "async-kinesis"})
    config = Config(
        region="us-east-1",
        endpoint_url=ENDPOINT,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        aggregation_enabled=False,
    )
    async with AggregatingProducer(config) as producer:
        outcomes = [
            await producer.put_record(
                stream=STREAM,
                partition_key=f"key-{number}",
                data=json.dumps({"number": number, "by": "aiokpl"}).encode(),
            )
            for number in range(COUNT)
        ]
        results = [await outcome.wait() for outcome in outcomes]
    seen: list[tuple[str, int]] = []
    async with Consumer(
        stream_name=STREAM,
        endpoint_url=ENDPOINT,
        region_name="us-east-1",
        processor=JsonProcessor(),
        sleep_time_no_records=0.5,
    ) as consumer:
        while len(seen) < 2 * COUNT:
            async for event in consumer:
                seen.append((event["by"], event["number"]))
    print(
        json.dumps(
            {
                "delivered": all(result.success for result in results),
                "seen": sorted(seen),
                "shards": sorted({result.shard_id for result in results}),
            }
        )
    )


asyncio.run(asyncio.wait_for(main(), 60))
