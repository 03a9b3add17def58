# %% blank
# change the memory, wait, call once

answer = ..., ...  # report(...) of the cold start, and its price in USD

# %% solution
lambda_.update_function_configuration(FunctionName=FUNCTION, MemorySize=1024)
lambda_.get_waiter("function_updated_v2").wait(FunctionName=FUNCTION, WaiterConfig={"Delay": 1})
big = report(lambda_.invoke(FunctionName=FUNCTION, Payload=payload, LogType="Tail"))
price = big["Billed Duration"] / 1000 * big["Memory Size"] / 1024 * prices.GB_SECOND
print(f"{big['Billed Duration']:.0f} ms and {price * 1e6:.2f} USD for a million")

answer = big, price

# %% right: one GB, a list, and the price as text
lambda_.update_function_configuration(FunctionName=FUNCTION, MemorySize=1024)
lambda_.get_waiter("function_updated_v2").wait(FunctionName=FUNCTION)
figures = report(lambda_.invoke(FunctionName=FUNCTION, Payload=payload, LogType="Tail"))
answer = [figures, f"{figures['Billed Duration'] / 1000 * 0.0000166667:.4g}"]

# %% right: the shared price list, and a Series
from workbook import prices

settings = {"FunctionName": FUNCTION, "MemorySize": 1024}
lambda_.update_function_configuration(**settings)
lambda_.get_waiter("function_updated_v2").wait(FunctionName=FUNCTION, WaiterConfig={"Delay": 1})
first, second = (
    lambda_.invoke(FunctionName=FUNCTION, Payload=payload, LogType="Tail") for _ in range(2)
)
figures = pd.Series(report(first))
answer = figures, figures["Billed Duration"] * prices.GB_SECOND / 1000

# %% wrong: a warm start
warm = report(lambda_.invoke(FunctionName=FUNCTION, Payload=payload, LogType="Tail"))
warm = report(lambda_.invoke(FunctionName=FUNCTION, Payload=payload, LogType="Tail"))
answer = warm, warm["Billed Duration"] / 1000 * 0.0000166667

# %% wrong: half as much memory
settings = {"FunctionName": FUNCTION, "MemorySize": 512}
lambda_.update_function_configuration(**settings)
lambda_.get_waiter("function_updated_v2").wait(FunctionName=FUNCTION, WaiterConfig={"Delay": 1})
big = report(lambda_.invoke(FunctionName=FUNCTION, Payload=payload, LogType="Tail"))
answer = big, big["Billed Duration"] / 1000 * 0.5 * 0.0000166667

# %% wrong: milliseconds for seconds
lambda_.update_function_configuration(FunctionName=FUNCTION, MemorySize=1024)
lambda_.get_waiter("function_updated_v2").wait(FunctionName=FUNCTION, WaiterConfig={"Delay": 1})
big = report(lambda_.invoke(FunctionName=FUNCTION, Payload=payload, LogType="Tail"))
answer = big, big["Billed Duration"] * 0.0000166667

# %% wrong: megabytes for gigabytes
lambda_.update_function_configuration(FunctionName=FUNCTION, MemorySize=1024)
lambda_.get_waiter("function_updated_v2").wait(FunctionName=FUNCTION, WaiterConfig={"Delay": 1})
big = report(lambda_.invoke(FunctionName=FUNCTION, Payload=payload, LogType="Tail"))
answer = big, big["Billed Duration"] / 1000 * big["Memory Size"] * 0.0000166667

# %% wrong: leaves out the start
lambda_.update_function_configuration(FunctionName=FUNCTION, MemorySize=1024)
lambda_.get_waiter("function_updated_v2").wait(FunctionName=FUNCTION, WaiterConfig={"Delay": 1})
big = report(lambda_.invoke(FunctionName=FUNCTION, Payload=payload, LogType="Tail"))
answer = big, big["Duration"] / 1000 * 0.0000166667

# %% wrong: the price of a million calls
lambda_.update_function_configuration(FunctionName=FUNCTION, MemorySize=1024)
lambda_.get_waiter("function_updated_v2").wait(FunctionName=FUNCTION, WaiterConfig={"Delay": 1})
big = report(lambda_.invoke(FunctionName=FUNCTION, Payload=payload, LogType="Tail"))
answer = big, big["Billed Duration"] / 1000 * 0.0000166667 * 1e6

# %% wrong: the memory that it had before
lambda_.update_function_configuration(FunctionName=FUNCTION, MemorySize=1024)
lambda_.get_waiter("function_updated_v2").wait(FunctionName=FUNCTION, WaiterConfig={"Delay": 1})
big = report(lambda_.invoke(FunctionName=FUNCTION, Payload=payload, LogType="Tail"))
answer = big, big["Billed Duration"] / 1000 * gigabytes * 0.0000166667

# %% wrong: adds the request
lambda_.update_function_configuration(FunctionName=FUNCTION, MemorySize=1024)
lambda_.get_waiter("function_updated_v2").wait(FunctionName=FUNCTION, WaiterConfig={"Delay": 1})
big = report(lambda_.invoke(FunctionName=FUNCTION, Payload=payload, LogType="Tail"))
answer = big, big["Billed Duration"] / 1000 * 0.0000166667 + 0.20 / 1e6
