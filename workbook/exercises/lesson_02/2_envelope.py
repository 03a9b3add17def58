# %% blank
answer = ...  # a number of flights

# %% solution
bytes_each = len(json.dumps(many)) / len(many["Records"])
print(f"{bytes_each:.0f} bytes each")

answer = 6 * 1024 * 1024 // bytes_each
answer

# %% right: compact JSON, as text
size = len(json.dumps(many, separators=(",", ":")).encode())
answer = str(round(2000 * 6 * 2**20 / size))

# %% right: the mean of the first hundred records
some = [len(json.dumps(record)) + 2 for record in many["Records"][:100]]
answer = pd.Series(6 * 2**20 / (sum(some) / len(some)))

# %% right: adds records up until they no longer fit
total, answer = 0, 0
while total < 6 * 1024**2:
    total += len(json.dumps(many["Records"][answer % 2000])) + 2
    answer += 1

# %% wrong: the flight alone
answer = 6 * 1024 * 1024 / len(json.dumps(flight, separators=(",", ":")))

# %% wrong: the flight in base64, without the envelope
answer = 6 * 1024 * 1024 / len(encoded)

# %% wrong: millions for megabytes
answer = 6_000_000 * len(many["Records"]) / len(json.dumps(many))

# %% wrong: the largest batch size
answer = 10_000

# %% wrong: the number of flights at hand
answer = len(many["Records"])

# %% wrong: bytes instead of flights
answer = len(json.dumps(many)) / len(many["Records"])

# %% wrong: a third of a megabyte too much
answer = 8 * 1024 * 1024 * len(many["Records"]) / len(json.dumps(many))
