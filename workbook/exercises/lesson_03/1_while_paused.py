# %% blank
def while_paused(put):
    """Call `put` while the mapping is paused."""
    ...


# try it: while_paused(lambda: kinesis.put_records(StreamName=INPUT, Records=records[:10]))


# %% solution
def while_paused(put):
    """Call `put` while the mapping is paused."""
    lambda_.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    wait_until("the pause", lambda: mapping_now()["State"] == "Disabled")
    put()
    lambda_.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)


rows = len(reader.read_stream(aws, OUTPUT, progress=False))
while_paused(lambda: kinesis.put_records(StreamName=INPUT, Records=records[:10]))
wait_until("ten more", lambda: len(reader.read_stream(aws, OUTPUT, progress=False)) >= rows + 10)


# %% right: goes on even if put fails, and waits until it does
def while_paused(put):
    uuid = mapping["UUID"]
    lambda_.update_event_source_mapping(UUID=uuid, Enabled=False)
    wait_until("Disabled", lambda: mapping_now()["State"] == "Disabled")
    try:
        return put()
    finally:
        lambda_.update_event_source_mapping(UUID=uuid, Enabled=True)
        wait_until("Enabled", lambda: mapping_now()["State"] == "Enabled")


# %% right: a loop of its own
import time


def while_paused(put):
    for enabled, state in ((False, "Disabled"), (True, "Enabled")):
        lambda_.update_event_source_mapping(UUID=mapping["UUID"], Enabled=enabled)
        while lambda_.get_event_source_mapping(UUID=mapping["UUID"])["State"] != state:
            time.sleep(0.05)
        if not enabled:
            put()


# %% wrong: does not pause
def while_paused(put):
    put()


# %% wrong: leaves it paused
def while_paused(put):
    lambda_.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    wait_until("the pause", lambda: mapping_now()["State"] == "Disabled")
    put()


# %% wrong: puts nothing
def while_paused(put):
    lambda_.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    wait_until("the pause", lambda: mapping_now()["State"] == "Disabled")
    lambda_.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)


# %% wrong: puts twice
def while_paused(put):
    lambda_.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    wait_until("the pause", lambda: mapping_now()["State"] == "Disabled")
    put()
    lambda_.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)
    put()
