"""A function that reads a stream, as Chalice deploys it: `chalice deploy`."""

import os

from chalice import Chalice

app = Chalice(app_name="chalicesample")


@app.on_kinesis_record(stream="chalice-input", batch_size=10, starting_position="TRIM_HORIZON")
def reader(event):  # type: ignore[no-untyped-def]
    """Print each record's text after the greeting."""
    for record in event:
        print(os.environ["GREETING"], record.data.decode())
