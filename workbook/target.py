"""The AWS that calls go to: a local AWS (the default), an endpoint, or real AWS.

Notebooks call ``connect()`` and then use boto3, which is the same everywhere. Real AWS is used only
if it is named explicitly.
"""

import os
import subprocess
import sys
import threading
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import boto3
import botocore.session
from botocore.config import Config

from workbook.localaws import LOOPBACK, READY
from workbook.localaws.clock import Clock

VARIABLE = "WORKBOOK_AWS"
LOCAL = "local"
REAL = "aws"
REGION = "us-east-1"
THIS_MACHINE = {LOOPBACK, "localhost", "::1"}
START_SECONDS = 60
STOP_SECONDS = 10


class Aws:
    """An AWS that calls go to. Close it, or use it in ``with``.

    Args:
        where: ``local``, the URL of an endpoint, or ``aws``.
        session: creates the clients, with credentials and region.
        endpoint_url: None on real AWS.
        process: the process of the local AWS, if this object owns it.
        clock: its clock; by default, real time.
        limits: whether streams throttle; only a local AWS can turn this off.
    """

    def __init__(
        self,
        where: str,
        session: boto3.Session,
        endpoint_url: str | None,
        process: "subprocess.Popen[str] | None" = None,
        clock: Clock | None = None,
        limits: bool = True,
    ) -> None:
        self.where = where
        self.limits = limits
        self.endpoint_url = endpoint_url
        self.region: str = session.region_name
        self._session = session
        self._process = process
        self._clock = clock or Clock()
        self._clients: dict[str, Any] = {}
        self._making = threading.Lock()  # a session cannot create two clients at once  [boto3]

    def __repr__(self) -> str:
        place = f"{self.where} AWS at {self.endpoint_url}" if self.endpoint_url else "real AWS"
        return f"<{place}, region {self.region}>"

    @property
    def is_real(self) -> bool:
        """Return whether calls reach your own AWS account, and cost money."""
        return self.where == REAL

    @property
    def _is_here(self) -> bool:
        """Return whether calls stay on this machine."""
        return urlsplit(self.endpoint_url or "").hostname in THIS_MACHINE

    @property
    def speed(self) -> float:
        """Return the seconds of its clock per real second; above 1 only in time-lapse."""
        return self._clock.speed

    def now(self) -> float:
        """Return the time of its clock, which stamps records, in seconds since the Unix epoch."""
        return self._clock.now()

    @property
    def account_id(self) -> str:
        """Return the twelve-digit account id of the credentials."""
        return str(self.client("sts").get_caller_identity()["Account"])

    @property
    def credentials(self) -> Any:
        """Return the credentials of the clients, for code that signs its own requests."""
        return self._session.get_credentials()

    def client(self, service: str) -> Any:
        """Return the boto3 client for ``service`` (``kinesis``, ``lambda``, ...).

        Each service has one client, created by the first call: boto3's clients can be used by many
        threads, and creating one takes longer than most requests.
        """
        with self._making:
            if service not in self._clients:
                self._clients[service] = self._session.client(
                    service,  # type: ignore[call-overload]
                    endpoint_url=self.endpoint_url,
                    config=Config(
                        ignore_configured_endpoint_urls=True,  # type: ignore[call-arg]  # no stub
                        max_pool_connections=32,
                        proxies={} if self._is_here else None,  # a proxy cannot reach this machine
                    ),
                )
            return self._clients[service]

    def close(self) -> None:
        """Stop the local AWS and everything that runs in it, if this object owns it."""
        if self._process is None:
            return
        process, self._process = self._process, None
        assert process.stdin is not None
        process.stdin.close()  # the local AWS stops when its owner closes this pipe
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def connect(where: str | None = None, *, limits: bool = True, speed: float = 1.0) -> Aws:
    """Return the AWS that calls go to, and start it if it is a local AWS.

    Args:
        where: ``local`` starts a local AWS that stops with this process; ``http://...`` is the
            endpoint of a running one (``workbook serve``); ``aws`` is real AWS, with the
            credentials and the region that boto3 finds. The default is the value of the environment
            variable WORKBOOK_AWS, or else ``local``.
        limits: whether the new local AWS throttles Kinesis calls as AWS does; turn it off for bulk
            loads.
        speed: the speed of the new local AWS's clock. At 60, its hour takes a minute (time-lapse).
            Functions still run in real time, but all limits use that clock: at 60, a stream keeps
            records for 24 real minutes.

    Raises:
        ValueError: an argument has a wrong type or value, or real AWS has no region or credentials.
        RuntimeError: the local AWS did not start.
    """
    if not isinstance(where, str | None):
        raise ValueError(f"where must be 'local', 'aws' or an endpoint's URL, not {where!r}")
    if not isinstance(limits, bool):
        raise ValueError(f"limits must be True or False, not {limits!r}")
    chosen = where or os.environ.get(VARIABLE) or LOCAL
    if chosen == LOCAL:
        clock = Clock(speed)
        process, endpoint_url = _start(limits, clock)
        return Aws(LOCAL, _dummy_session(), endpoint_url, process, clock, limits)
    if chosen == REAL:
        return Aws(REAL, _real_session(), None)
    if urlsplit(chosen).scheme in ("http", "https") and urlsplit(chosen).hostname:
        return Aws("other", _dummy_session(), chosen)
    raise ValueError(
        f"{chosen!r} is not a place to find AWS: use 'local', 'aws' or an endpoint's URL such as "
        f"http://{LOOPBACK}:4566 (argument `where` or environment variable {VARIABLE})"
    )


def _dummy_session() -> boto3.Session:
    """Return a session with dummy credentials that does not read your AWS files."""
    core = botocore.session.Session()
    settings = core.get_component("config_store")
    settings.set_config_variable("config_file", os.devnull)
    settings.set_config_variable("credentials_file", os.devnull)
    settings.set_config_variable("profile", None)
    return boto3.Session("test", "test", region_name=REGION, botocore_session=core)


def _real_session() -> boto3.Session:
    session = boto3.Session()
    if session.region_name is None:
        raise ValueError("real AWS needs a region: set AWS_REGION, for example to us-east-1")
    if session.get_credentials() is None:
        raise ValueError("real AWS needs credentials: run `aws configure` or `aws sso login` first")
    return session


def _start(limits: bool, clock: Clock) -> tuple["subprocess.Popen[str]", str]:
    """Start a local AWS, wait until it is ready, and return its process and its URL."""
    command = [sys.executable, "-m", "workbook.localaws", "--owned"]
    command += ["--speed", str(clock.speed), "--epoch", str(clock.epoch)]
    if not limits:
        command.append("--no-limits")
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    too_late = threading.Timer(START_SECONDS, process.kill)
    too_late.start()
    line = process.stdout.readline()
    too_late.cancel()
    if not line.startswith(READY):
        process.kill()
        raise RuntimeError(
            f"the local AWS did not start within {START_SECONDS} s (exit status "
            f"{process.wait()}); it said: {line.strip()!r}. To see why, run `{' '.join(command)}`"
        )
    return process, line.removeprefix(READY).strip()
