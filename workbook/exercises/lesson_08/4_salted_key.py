# %% blank
def salted_key(event, salts):
    """Return the destination, followed by a salt if it is a large one."""
    return ...  # try it with salted_key(many[0], 8)


# %% solution
def salted_key(event, salts):
    """Return the destination, followed by a salt if it is a large one."""
    if event["dest"] not in ("ORD", "ATL"):
        return event["dest"]
    return f"{event['dest']}-{hash_key(flights.event_id(event)) % salts}"


# %% right: zlib, and salts from 1
import zlib


def salted_key(event, salts):
    dest = event["dest"]
    if dest in {"ORD", "ATL"}:
        dest += str(1 + zlib.crc32(flights.event_id(event).encode()) % salts)
    return dest


# %% right: removes what it does not need
def salted_key(event, salts):
    id_ = flights.event_id(event)
    dest = event.pop("dest")
    large = dest == "ORD" or dest == "ATL"
    return f"{dest}/{int(hashlib.sha1(id_.encode()).hexdigest(), 16) % salts:02}" if large else dest


# %% right: seeded chance
import random


def salted_key(event, salts):
    salt = random.Random(flights.event_id(event)).randrange(salts)
    return event["dest"] + ("#" + str(salt)) * (event["dest"] in ["ORD", "ATL"])


# %% wrong: random
import random


def salted_key(event, salts):
    if event["dest"] not in ("ORD", "ATL"):
        return event["dest"]
    return f"{event['dest']}-{random.randrange(salts)}"


# %% wrong: salt for all
def salted_key(event, salts):
    return f"{event['dest']}-{hash_key(flights.event_id(event)) % salts}"


# %% wrong: salt from the destination
def salted_key(event, salts):
    if event["dest"] not in ("ORD", "ATL"):
        return event["dest"]
    return f"{event['dest']}-{hash_key(event['dest']) % salts}"


# %% wrong: as many keys as flights
def salted_key(event, salts):
    if event["dest"] not in ("ORD", "ATL"):
        return event["dest"]
    return f"{event['dest']}-{flights.event_id(event)}"


# %% wrong: hash, which differs between processes
def salted_key(event, salts):
    if event["dest"] not in ("ORD", "ATL"):
        return event["dest"]
    return f"{event['dest']}-{hash(flights.event_id(event)) % salts}"


# %% wrong: always eight salts
def salted_key(event, salts):
    if event["dest"] not in ("ORD", "ATL"):
        return event["dest"]
    return f"{event['dest']}-{hash_key(flights.event_id(event)) % 8}"


# %% wrong: one large destination forgotten
def salted_key(event, salts):
    if event["dest"] != "ORD":
        return event["dest"]
    return f"{event['dest']}-{hash_key(flights.event_id(event)) % salts}"


# %% wrong: the salt alone
def salted_key(event, salts):
    if event["dest"] not in ("ORD", "ATL"):
        return event["dest"]
    return str(hash_key(flights.event_id(event)) % salts)


# %% wrong: an uneven salt
def salted_key(event, salts):
    if event["dest"] not in ("ORD", "ATL"):
        return event["dest"]
    return f"{event['dest']}-{hash_key(flights.event_id(event)) % max(1, salts - 1)}"
