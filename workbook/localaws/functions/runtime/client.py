"""A runtime client in plain Python, for systems on which awslambdaric has no wheel.

It behaves as the official client does, and passes the same tests: the same errors, context and log
format. It uses the standard library only, and runs on every supported version of Python.
"""

import decimal
import http.client
import importlib
import io
import json
import logging
import os
import struct
import sys
import time
import traceback

TYPE_CHECKING = False  # as in typing, which is slow to import
if TYPE_CHECKING:
    from typing import Any

PREFIX = "/2018-06-01/runtime"
# Runtimes that escape non-ASCII characters in responses; later ones do not.
ESCAPING = ("python3.8", "python3.9", "python3.10", "python3.11")
JSON_LOG = os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON"
FRAME = 0xA55A0003  # starts an event: see ``functions.output``
NO_BREAK_SPACE = "\u00a0"


class Fault(Exception):
    """An error in how the function is built, rather than in what it does."""

    def __init__(self, kind: str, message: str, trace: "tuple[str, ...]" = ()) -> None:
        super().__init__(message)
        self.kind = kind
        self.trace = list(trace)


class Fields:
    """A part of the context with fixed attributes; those that were not sent are None."""

    names: "tuple[str, ...]" = ()

    def __init__(self, values: "dict[str, object]") -> None:
        for name in self.names:
            setattr(self, name, values.get(name))


class CognitoIdentity(Fields):
    """The caller's Amazon Cognito identity, if it used an AWS mobile SDK."""

    names = ("cognito_identity_id", "cognito_identity_pool_id")


class Client(Fields):
    """The client application in the client context."""

    names = (
        "installation_id",
        "app_title",
        "app_version_name",
        "app_version_code",
        "app_package_name",
    )


class ClientContext(Fields):
    """The client context that the caller sent with the event."""

    names = ("custom", "env", "client")


class LambdaContext:
    """The context object of an invocation."""

    def __init__(self, headers: "http.client.HTTPMessage") -> None:
        self.aws_request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        self.invoked_function_arn = headers["Lambda-Runtime-Invoked-Function-Arn"]
        self.tenant_id = headers["Lambda-Runtime-Aws-Tenant-Id"]
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.identity = CognitoIdentity({})
        self.client_context = None
        sent = headers["Lambda-Runtime-Client-Context"]
        if sent:
            try:
                values = json.loads(sent.encode("latin-1").decode())
            except ValueError as error:
                raise Fault(
                    "Runtime.LambdaContextUnmarshalError",
                    f"Unable to parse Client Context JSON: {error}",
                ) from error
            if values.get("client") is not None:
                values["client"] = Client(values["client"])
            self.client_context = ClientContext(values)
        self._deadline = int(headers["Lambda-Runtime-Deadline-Ms"])

    def get_remaining_time_in_millis(self) -> int:
        """Return the milliseconds until Lambda ends the invocation."""
        return max(0, self._deadline - int(time.time() * 1000))

    def log(self, message: object) -> None:
        """Write a message to the log unchanged, without a line feed."""
        sys.stdout.write(str(message))

    def __repr__(self) -> str:
        values = ("{}={}".format(*item) for item in vars(self).items() if item[0][0] != "_")
        return "LambdaContext([{}])".format(",".join(values))


class Encoder(json.JSONEncoder):
    """Encodes JSON, with decimals as numbers."""

    def default(self, o: object) -> object:
        """Return the value to write instead of ``o``."""
        if isinstance(o, decimal.Decimal):
            return int(o) if o.is_finite() and o == o.to_integral_value() else float(o)
        return super().default(o)


class RuntimeApi:
    """The calls that a runtime makes, over one connection."""

    def __init__(self, address: str) -> None:
        self._connection = http.client.HTTPConnection(address)

    def next(self) -> "tuple[http.client.HTTPMessage, bytes]":
        """Wait for an event."""
        return self._call("GET", "/invocation/next", None, {})

    def reply(self, request_id: str, body: bytes, content_type: str) -> None:
        """Send the handler's return value."""
        path = f"/invocation/{request_id}/response"
        self._call("POST", path, body, {"Content-Type": content_type})

    def fail(self, path: str, error: "dict[str, object]") -> None:
        """Send an error's document."""
        headers = {"Lambda-Runtime-Function-Error-Type": str(error["errorType"])}
        self._call("POST", path, json.dumps(error).encode(), headers)

    def _call(
        self, method: str, path: str, body: "bytes | None", headers: "dict[str, str]"
    ) -> "tuple[http.client.HTTPMessage, bytes]":
        self._connection.request(method, PREFIX + path, body, headers)
        response = self._connection.getresponse()
        content = response.read()
        if response.status >= 400:
            raise RuntimeError(f"{path} {response.status}: {content!r}")
        return response.headers, content


def load(handler: str) -> object:
    """Import the handler ``module.function`` and return it."""
    module_name, dot, name = handler.rpartition(".")
    if not dot:
        raise Fault(
            "Runtime.MalformedHandlerName",
            f"Bad handler '{handler}': not enough values to unpack (expected 2, got 1)",
        )
    if module_name.split(".")[0] in sys.builtin_module_names:
        raise Fault(
            "Runtime.BuiltInModuleConflict",
            f"Cannot use built-in module {module_name} as a handler module",
        )
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        raise Fault(
            "Runtime.ImportModuleError",
            f"Unable to import module '{module_name}': {error}",
        ) from error
    except SyntaxError as error:
        raise Fault(
            "Runtime.UserCodeSyntaxError",
            f"Syntax error in module '{module_name}': {error}",
            (f'  File "{error.filename}" Line {error.lineno}\n    {error.text}',),
        ) from error
    try:
        return getattr(module, name)
    except AttributeError:
        raise Fault(
            "Runtime.HandlerNotFound",
            f"Handler '{name}' missing on module '{module_name}'",
        ) from None


def describe(error: Exception, request_id: str) -> "dict[str, Any]":
    """Return an exception as the document with which Lambda responds."""
    if isinstance(error, Fault):
        kind, trace = error.kind, error.trace
    else:
        frames = traceback.extract_tb(error.__traceback__)
        while frames and frames[0].filename == __file__:
            del frames[0]
        kind, trace = type(error).__name__, traceback.format_list(frames)
    return {
        "errorMessage": str(error),
        "errorType": kind,
        "requestId": request_id,
        "stackTrace": trace,
    }


def write_frame(text: str) -> None:
    """Write text to the log as one event, however many lines it has."""
    content = text.encode(errors="replace")
    microseconds = time.time_ns() // 1000
    os.write(1, struct.pack(">IIQ", FRAME, len(content), microseconds) + content)


def log_error(error: "dict[str, Any]") -> None:
    """Write an error to the log as one event."""
    if JSON_LOG:
        head = {"timestamp": timestamp(time.time()), "level": "ERROR"}
        write_frame(json.dumps({**head, **error}))
        return
    message = error["errorMessage"]
    lines = ["[ERROR] {}{}".format(error["errorType"], f": {message}" if message else "")]
    lines.append("Traceback (most recent call last):")
    for entry in error["stackTrace"]:
        for line in entry.splitlines():
            text = line.lstrip(" ")
            lines.append(NO_BREAK_SPACE * (len(line) - len(text)) + text)
    write_frame("\n".join(lines))


class JsonFormatter(logging.Formatter):
    """Formats records as JSON, including ``extra`` attributes."""

    usual = frozenset(vars(logging.makeLogRecord({}))) | {"message", "aws_request_id"}

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as one line."""
        fields: dict[str, Any] = {
            "timestamp": timestamp(record.created),
            "level": record.levelname,
            "message": record.msg
            if isinstance(record.msg, dict) and not record.args
            else record.getMessage(),
            "logger": record.name,
        }
        if record.exc_info and record.exc_info[0]:
            kind, error, trace = record.exc_info
            fields["stackTrace"] = traceback.format_tb(trace)
            fields["errorType"] = kind.__name__
            fields["errorMessage"] = str(error)
            fields["location"] = f"{record.pathname}:{record.funcName}:{record.lineno}"
        fields["requestId"] = vars(record).get("aws_request_id")
        for name, value in vars(record).items():
            if name not in self.usual:
                fields.setdefault(name, value)
        return json.dumps(fields, ensure_ascii=False, default=str) + "\n"


def timestamp(seconds: float) -> str:
    """Return a time in the format of the JSON log."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


class LogHandler(logging.Handler):
    """Writes records with the request id of their invocation."""

    request_id = ""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        record.aws_request_id = self.request_id
        write_frame(self.format(record))


def unbuffered(descriptor: int) -> io.TextIOWrapper:
    """Return a text stream whose writes reach the log immediately and in order."""
    raw = io.FileIO(descriptor, "wb", closefd=False)
    return io.TextIOWrapper(raw, encoding="utf-8", write_through=True)


def run(handler_name: str, address: str) -> None:
    """Load the handler and run events until the process ends."""
    os.environ.pop("_LAMBDA_TELEMETRY_LOG_FD", None)
    sys.stdout, sys.stderr = unbuffered(1), unbuffered(2)
    logging.Formatter.converter = time.gmtime
    log = LogHandler()
    log.setFormatter(
        JsonFormatter()
        if JSON_LOG
        else logging.Formatter(
            "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n",
            "%Y-%m-%dT%H:%M:%S",
        )
    )
    logging.getLogger().addHandler(log)
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL")
    if level:
        logging.getLogger().setLevel("DEBUG" if level == "TRACE" else level)
    api = RuntimeApi(address)
    encoder = Encoder(ensure_ascii=os.environ["AWS_EXECUTION_ENV"].endswith(ESCAPING))
    try:
        handler = load(handler_name)
    except Exception as exception:
        error = describe(exception, "")
        logging.warning("LAMBDA_WARNING: Unhandled exception while the function was loaded.\r")
        log_error(error)
        api.fail("/init/error", error)
        sys.exit(1)
    while True:
        headers, body = api.next()
        log.request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        os.environ["_X_AMZN_TRACE_ID"] = headers["Lambda-Runtime-Trace-Id"] or ""
        handle(api, encoder, handler, headers, body)


def handle(
    api: RuntimeApi,
    encoder: Encoder,
    handler: object,
    headers: "http.client.HTTPMessage",
    body: bytes,
) -> None:
    """Run an event and send the outcome."""
    request_id = headers["Lambda-Runtime-Aws-Request-Id"]
    try:
        context = LambdaContext(headers)
        try:
            event = json.loads(body)
        except ValueError as error:
            message = f"Unable to unmarshal input: {error}"
            raise Fault("Runtime.UnmarshalError", message) from error
        reply = handler(event, context)  # type: ignore[operator]
        if isinstance(reply, bytes):
            content, content_type = reply, "application/unknown"
        else:
            try:
                content, content_type = encoder.encode(reply).encode(), "application/json"
            except Exception as error:
                message = f"Unable to marshal response: {error}"
                raise Fault("Runtime.MarshalError", message) from error
    except Exception as exception:
        document = describe(exception, request_id)
        log_error(document)
        api.fail(f"/invocation/{request_id}/error", document)
    else:
        api.reply(request_id, content, content_type)


if __name__ == "__main__":
    run(sys.argv[1], os.environ["AWS_LAMBDA_RUNTIME_API"])
