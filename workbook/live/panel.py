"""The panel: live charts, controls for the mapping, and a picture when it stops."""

import atexit
import threading
import time
from types import TracebackType
from typing import Any, Self

import anywidget
import ipywidgets as widgets
import pandas as pd
import traitlets
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError
from IPython.display import display

from workbook import prices
from workbook.deployment import FUNCTION, INPUT_STREAM, OUTPUT_STREAM
from workbook.live.charts import LiveCharts
from workbook.live.mapping import WatchedMapping
from workbook.live.monitoring import Monitoring
from workbook.live.output import CellOutputs
from workbook.live.sampler import NoPipelineError, Sampler
from workbook.target import Aws
from workbook.waiting import NotReadyError

KNOBS = {  # settings of the mapping: label, minimum and maximum
    "BatchSize": ("Batch size, records", 1, 10_000),
    "MaximumBatchingWindowInSeconds": ("Batching window, seconds", 0, 300),
    "ParallelizationFactor": ("Parallelization factor", 1, 10),
}
PICTURES = 0.01  # the share of a core for pictures; each takes a quarter of a second
LONGEST_PAUSE = 60.0  # seconds between pictures
ON_AWS = (
    "AWS's metrics are by the minute and some minutes late. Shard-level monitoring costs "
    f"{prices.METRIC_MONTH:.2f} USD for each shard and month, billed by the hour; queries cost "
    f"{1000 * prices.METRIC_QUERY:.2f} USD for 1,000 metrics."
)


class TextLine(anywidget.AnyWidget):
    """A line of text; with the role ``status``, screen readers announce its changes."""

    _esm = """
    export default {
      render({ model, el }) {
        const line = document.createElement("p");
        line.setAttribute("role", model.get("role"));
        line.style.margin = "2px";
        const show = () => { line.textContent = model.get("text"); };
        model.on("change:text", show);
        show();
        el.append(line);
      },
    };
    """
    text = traitlets.Unicode().tag(sync=True)
    role = traitlets.Unicode("note").tag(sync=True)


class Panel:
    """A live view of one pipeline. As the last line of a cell, it is shown and starts.

    Its button, ``stop``, the end of ``with`` or the end of the pipeline stops it; then a picture
    replaces it in the notebook. A notebook saved earlier contains a picture too, about half a
    minute old. While the panel runs, shard-level monitoring of iterator ages is on for the stream,
    which costs money on AWS. A mapping has one panel: a new one stops the previous one.

    Args:
        aws: where the pipeline runs.
        stream: the name of the input stream.
        function: the name of the function.
        output: the name of the output stream; None if the function writes to no stream.

    Raises:
        NoPipelineError: a part of the pipeline does not exist; the message names it and the fix.
    """

    def __init__(
        self,
        aws: Aws,
        stream: str = INPUT_STREAM,
        function: str = FUNCTION,
        output: str | None = OUTPUT_STREAM,
    ) -> None:
        self._stream = stream
        self._mapping = WatchedMapping(aws, _find(aws, stream, function, output))
        self._sampler = Sampler(aws, stream, function, output)
        self._settings = self._mapping.settings()
        self._monitoring = Monitoring(aws, stream)
        self._is_real = aws.is_real
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self._latest_change: threading.Thread | None = None
        self._output = CellOutputs()
        self._picture_due = self._picture_pause = 0.0  # in seconds, by the monotonic clock
        self._lay_out()

    def _lay_out(self) -> None:
        self._knobs = {name: self._knob(name) for name in KNOBS}
        self._switch = widgets.Button(layout={"width": "auto"})
        self._switch.on_click(lambda _: self._change(Enabled=self._settings["State"] != "Enabled"))
        self._stop = widgets.Button(
            description="Stop watching",
            tooltip="Stop the live view and put a picture in its place",
            layout={"width": "auto"},
        )
        self._stop.on_click(lambda _: self._ending.set())
        self._status = TextLine(role="status")
        self._figures = TextLine()
        controls = [*self._knobs.values(), self._switch, self._stop]
        for control in controls:
            _respond_at_once(control)
        row = widgets.HBox(controls, layout={"flex_flow": "row wrap"})
        self._charts = LiveCharts(self._sampler, self._stream)
        self._box = widgets.VBox((row, self._status, self._charts, self._figures))
        self._show_settings()

    def _knob(self, name: str) -> Any:
        label, least, most = KNOBS[name]
        knob = widgets.BoundedIntText(
            self._settings[name],
            min=least,
            max=most,
            description=label,
            tooltip=f"{name} of the event source mapping, {least} to {most}",
            style={"description_width": "initial"},
            layout={"width": "auto"},
        )
        knob.observe(lambda change: self._turned(name, change["new"]), "value")
        return knob

    # --- running

    def start(self) -> None:
        """Start to watch; a running panel continues."""
        running = _running.get(self._mapping.uuid)
        if running is self and not self._ending.is_set():
            return
        if running is not None:
            running.stop()
        _running[self._mapping.uuid] = self
        self._ending.clear()
        # Few figures are known at first, so take the second picture soon.
        self._picture_due, self._picture_pause = time.monotonic(), 2 * self._sampler.tick
        self._say(f"Watching, with shard-level monitoring on for {self._stream}.")
        self._output.put(self._bundle())
        self._thread = threading.Thread(target=self._watch, daemon=True, name="live view")
        self._thread.start()
        atexit.register(self.stop)

    def stop(self) -> None:
        """Stop, turn monitoring off if it was off before, and show a picture."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join()
        atexit.unregister(self.stop)

    def __enter__(self) -> Self:
        self.start()
        display(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _watch(self) -> None:
        """Run the panel in its own thread, until it is stopped or the pipeline no longer exists."""
        ending = "Stopped by an error."
        try:
            ending = self._tick_on()
        finally:
            self._ending.set()
            self._finish(ending)
            del _running[self._mapping.uuid]

    def _tick_on(self) -> str:
        """Tick until there is a reason to stop, and return it."""
        due = time.monotonic()
        while True:
            is_last = self._ending.is_set()
            try:
                self._tick()
            except (ClientError, BotoCoreError) as error:
                if self._is_gone(error):
                    return f"Stopped, since the pipeline is gone: {error}"
                self._say(f"AWS answered: {error}")
            if is_last:
                return "Stopped; panel.start() continues."
            due = max(due + self._sampler.tick, time.monotonic())
            if self._ending.wait(due - time.monotonic()) and not self._is_real:
                self._sampler.await_period()  # so that the picture shows everything

    def _tick(self) -> None:
        self._monitoring.turn_on()
        self._sampler.sample()
        self._settings = self._mapping.settings()
        self._show_settings()
        self._charts.draw()
        self._figures.text = self._sampler.in_words()
        if self._output.is_shown and time.monotonic() >= self._picture_due:
            self._keep_picture()

    def _keep_picture(self) -> None:
        begun = time.monotonic()
        self._output.keep(self._charts.still())
        self._picture_due = begun + self._picture_pause
        self._picture_pause = min((time.monotonic() - begun) / PICTURES, LONGEST_PAUSE)

    def _is_gone(self, error: Exception) -> bool:
        """Return whether an error means that the pipeline is gone, rather than the network."""
        if isinstance(error, ClientError):
            return error.response["Error"]["Code"] == "ResourceNotFoundException"
        return isinstance(error, EndpointConnectionError) and not self._is_real

    def _finish(self, ending: str) -> None:
        try:
            self._monitoring.restore()
        except (ClientError, BotoCoreError, NotReadyError) as error:
            if not self._is_gone(error):
                ending += f" Shard-level monitoring may still be on: {error}"
        self._say(ending)
        if self._output.is_shown:
            self._output.keep(self._charts.still())
            self._output.put({"text/plain": ending})

    # --- knobs

    def _turned(self, name: str, value: int) -> None:
        if value != self._settings[name]:  # else `_show_settings` has set it
            self._change(**{name: value})

    def _change(self, **settings: Any) -> None:
        change = threading.Thread(
            target=self._apply, args=(settings, self._latest_change), daemon=True, name="knob"
        )
        self._latest_change = change
        change.start()

    def _apply(self, settings: dict[str, Any], earlier: threading.Thread | None) -> None:
        """Change the mapping after the previous change, and show AWS's response."""
        if earlier is not None:
            earlier.join()
        changes = ", ".join(f"{name}={value}" for name, value in settings.items())
        self._say(f"Changing the mapping to {changes} ...")
        try:
            self._mapping.change(**settings)
            self._settings = self._mapping.settings()
        except (ClientError, BotoCoreError, NotReadyError) as error:
            self._say(f"The mapping did not change to {changes}: {error}")
        else:
            self._say(f"The mapping has {changes}.")

    def _show_settings(self) -> None:
        """Show the mapping's settings, unless a change is in progress; cells change them too."""
        if self._latest_change is not None and self._latest_change.is_alive():
            return
        for name, knob in self._knobs.items():
            knob.value = self._settings[name]
        is_on = self._settings["State"] == "Enabled"
        self._switch.description = "Disable the mapping" if is_on else "Enable the mapping"

    def _say(self, text: str) -> None:
        self._status.text = f"{text} {ON_AWS}" if self._is_real else text

    # --- what it showed

    def frame(self) -> pd.DataFrame:
        """Return the figures, with one row for each period; see ``Sampler.frame``."""
        return self._sampler.frame()

    def _ipython_display_(self) -> None:
        self.start()
        self._output.show(self._bundle(), self._charts.still())

    def _bundle(self) -> dict[str, Any]:
        """Return the widget, and the text for programs that do not run it."""
        bundle: dict[str, Any] = self._box._repr_mimebundle_()
        text = f"The live view of stream {self._stream} was running; this is its latest picture:"
        return bundle | {"text/plain": text}


_running: dict[str, Panel] = {}  # by the UUID of the mapping


def _respond_at_once(control: Any) -> None:
    """Let a control respond to its user while a cell runs.

    JupyterLab sends the control's messages to a subshell of the kernel, which is free. ipykernel
    7.4 routes them to the shell that created the control, unless its comm has no route; there is no
    public switch.
    """
    control.comm._reply_subshell_for = None


def _find(aws: Aws, stream: str, function: str, output: str | None) -> str:
    """Return the UUID of the mapping from stream to function, if the whole pipeline exists.

    Raises:
        NoPipelineError: a part of it does not exist.
    """
    kinesis, lambda_ = aws.client("kinesis"), aws.client("lambda")
    fix = (
        "deploy the pipeline first, with deployment.deploy(aws), or name yours: "
        "live.Panel(aws, stream=..., function=..., output=...), where output=None is right for a "
        "function that writes to no stream"
    )
    arns = {}
    for name in (stream,) if output is None else (stream, output):
        try:
            answer = kinesis.describe_stream_summary(StreamName=name)
        except kinesis.exceptions.ResourceNotFoundException:
            raise NoPipelineError(f"there is no stream {name!r}: {fix}") from None
        arns[name] = answer["StreamDescriptionSummary"]["StreamARN"]
    try:
        lambda_.get_function_configuration(FunctionName=function)
    except lambda_.exceptions.ResourceNotFoundException:
        raise NoPipelineError(f"there is no function {function!r}: {fix}") from None
    mappings = lambda_.list_event_source_mappings(
        EventSourceArn=arns[stream], FunctionName=function
    )["EventSourceMappings"]
    if not mappings:
        raise NoPipelineError(f"there is no mapping from {stream!r} to {function!r}: {fix}")
    return str(mappings[0]["UUID"])
