"""VS Code's debugger stops in a function that ``workbook try --debug`` runs."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

SECONDS = 120  # after which a debugger that hangs is ended

FUNCTION = """
import base64, json
def handler(event, context):
    for record in event["Records"]:
        row = json.loads(base64.b64decode(record["kinesis"]["data"]))
        print(row["n"])
"""
LINE = 6  # of the print


class Debugger:
    """A client of debugpy's adapter, which VS Code starts in the same way.

    Messages of the Debug Adapter Protocol use the adapter's standard streams; the adapter reaches
    the program that it launches through a loopback socket.
    """

    def __init__(self, adapter: "subprocess.Popen[bytes]") -> None:
        self._adapter = adapter
        self._sent = 0
        self._events: list[Any] = []

    def send(self, command: str, **arguments: Any) -> int:
        """Send a request; return its number."""
        self._sent += 1
        request = {"seq": self._sent, "type": "request", "command": command}
        body = json.dumps({**request, "arguments": arguments}).encode()
        assert self._adapter.stdin is not None
        self._adapter.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._adapter.stdin.flush()
        return self._sent

    def answer(self, number: int) -> Any:
        """Return the body of the response to a request, which must succeed."""
        while True:
            message = self._read()
            if message["type"] == "response" and message["request_seq"] == number:
                assert message["success"], message
                return message.get("body")
            self._events.append(message)

    def ask(self, command: str, **arguments: Any) -> Any:
        """Send a request; return the body of its response."""
        return self.answer(self.send(command, **arguments))

    def event(self, name: str) -> Any:
        """Return the body of the next event with a name, or of one that has already arrived."""
        while True:
            message = self._events.pop(0) if self._events else self._read()
            if message.get("event") == name:
                return message.get("body")

    def _read(self) -> Any:
        assert self._adapter.stdout is not None
        header = self._adapter.stdout.readline()
        assert header.startswith(b"Content-Length: "), "the debugger has ended"
        self._adapter.stdout.readline()
        return json.loads(self._adapter.stdout.read(int(header.split()[1])))


@pytest.fixture
def debugger() -> Iterator[Debugger]:
    command = [sys.executable, "-m", "debugpy.adapter"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as adapter:
        too_late = threading.Timer(SECONDS, adapter.kill)
        too_late.start()
        try:
            yield Debugger(adapter)
        finally:
            too_late.cancel()
            adapter.kill()


def test_a_breakpoint_of_vs_code_stops_in_the_function(tmp_path: Path, debugger: Debugger) -> None:
    app = tmp_path / "app.py"
    app.write_text(FUNCTION)
    (tmp_path / "rows.jsonl").write_text('{"n": 3}\n{"n": 4}\n')
    debugger.ask("initialize", adapterID="debugpy", pathFormat="path")
    arguments = ["try", "app.py", "--records", "rows.jsonl", "--debug", "--json", "report.json"]
    launched = debugger.send(
        "launch",
        module="workbook",
        args=arguments,
        cwd=str(tmp_path),
        python=[sys.executable],
        console="internalConsole",
        subProcess=False,
    )
    debugger.event("initialized")
    (breakpoint_,) = debugger.ask(
        "setBreakpoints", source={"path": str(app)}, breakpoints=[{"line": LINE}]
    )["breakpoints"]
    assert breakpoint_["line"] == LINE
    debugger.ask("configurationDone")
    debugger.answer(launched)
    for n in (3, 4):
        stopped = debugger.event("stopped")
        assert stopped["reason"] == "breakpoint"
        frame = debugger.ask("stackTrace", threadId=stopped["threadId"])["stackFrames"][0]
        assert (Path(frame["source"]["path"]).name, frame["line"]) == ("app.py", LINE)
        value = debugger.ask("evaluate", expression="row", frameId=frame["id"], context="watch")
        assert value["result"] == f"{{'n': {n}}}"
        debugger.ask("continue", threadId=stopped["threadId"])
    assert debugger.event("exited")["exitCode"] == 0
    assert json.loads((tmp_path / "report.json").read_text())["processed"] == 2
