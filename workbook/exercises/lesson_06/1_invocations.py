# %% blank
def invocations(size, retries):
    """Invocations of a batch of `size` with one poison record, when bisecting."""
    return ...


# %% solution
def invocations(size, retries):
    """Invocations of a batch of `size` with one poison record, when bisecting."""
    cuts = size.bit_length() - 1
    failing = cuts + 1 + retries  # each piece with the poison, and the retries
    good = cuts  # the other half of each cut
    return failing + good


# %% right: the logarithm
import math


def invocations(size, retries):
    return 2 * math.log2(size) + 1 + retries


# %% right: recursion
def invocations(size, retries):
    if size == 1:
        return 1 + retries
    return 1 + 1 + invocations(size // 2, retries)


# %% right: a loop over pieces
def invocations(size, retries):
    pieces, count = [(size, True)], retries
    while pieces:
        length, has_poison = pieces.pop()
        count += 1
        if has_poison and length > 1:
            pieces += [(length // 2, True), (length - length // 2, False)]
    return count


# %% wrong: the poison alone
def invocations(size, retries):
    return retries + 1


# %% wrong: leaves out the good halves
def invocations(size, retries):
    return size.bit_length() + retries


# %% wrong: leaves out the retries
def invocations(size, retries):
    return 2 * (size.bit_length() - 1) + 1


# %% wrong: each record alone
def invocations(size, retries):
    return size * (retries + 1)


# %% wrong: leaves out the first invocation
def invocations(size, retries):
    return 2 * (size.bit_length() - 1) + retries


# %% wrong: retries for each piece that fails
def invocations(size, retries):
    cuts = size.bit_length() - 1
    return (cuts + 1) * (retries + 1) + cuts


# %% wrong: every piece is cut until all are single
def invocations(size, retries):
    return 2 * size - 1 + retries


# %% wrong: halves once too often
def invocations(size, retries):
    return 2 * size.bit_length() + 1 + retries
