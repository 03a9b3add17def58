"""Give a function's process the files of Lambda's execution environment, with Linux namespaces.

The function's process sees ``/var/task`` and ``/opt``, which are read-only, its own ``/tmp`` with a
size limit, the system's programs and libraries, and its interpreter. It sees no other files of this
machine, and none of its processes. This needs no root, container or other program: a user namespace
grants the right to mount, which is dropped before the function's code runs.

An environment consists of three processes. The first is the one that the local AWS knows; it ends
as the function ends. The second is the init of a process namespace: whatever the function starts
ends with it, even in a new session. It keeps ``/tmp`` over a restart. The third is the function.
The module uses the standard library only, and runs on every supported version of Python; for other
runtimes, after ``exec``: ``python sandbox.py SETTINGS PROGRAM``.
"""

import ctypes
import errno
import json
import os
import shutil
import signal
import struct
import sys

TYPE_CHECKING = False  # as in typing, which is slow to import
if TYPE_CHECKING:
    from typing import Any, NoReturn

NEW_USER, NEW_MOUNTS, NEW_PROCESSES, NEW_IPC = 0x10000000, 0x00020000, 0x20000000, 0x08000000
READ_ONLY, NO_SUID, NO_DEVICES, NO_EXEC = 1, 2, 4, 8
BIND, RECURSIVE, PRIVATE = 4096, 16384, 1 << 18
DETACH = 2
MOUNT_SETATTR, AT_FDCWD, AT_RECURSIVE = 442, -100, 0x8000
DEATH_SIGNAL, DUMPABLE, NO_NEW_PRIVILEGES = 1, 4, 38
CAPABILITIES_VERSION = 0x20080522
USER, USER_NAME = 993, "sbx_user1051"  # as on AWS
OPEN_FILES = 1024  # as on AWS
DEVICES = ("null", "zero", "full", "random", "urandom")
# Files of this machine's /etc that libraries need, without those that may contain secrets.
ETC_FILES = (
    "ld.so.cache",
    "ld.so.conf",
    "resolv.conf",
    "hosts",
    "nsswitch.conf",
    "protocols",
    "services",
    "mime.types",
    "os-release",
)
ETC_FOLDERS = ("ssl", "pki", "ca-certificates", "alternatives", "ld.so.conf.d")
SYSTEM = ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/sbin")

_libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def _mount(source: str, target: str, kind: str, flags: int, options: str = "") -> None:
    _check(
        _libc.mount(
            os.fsencode(source),
            os.fsencode(target),
            kind.encode(),
            ctypes.c_ulong(flags),
            options.encode() or None,
        ),
        f"mount {target}",
    )


def _change_attributes(target: str, given: int, taken: int, flags: int) -> None:
    attributes = struct.pack("=QQQQ", given, taken, 0, 0)
    _check(
        _libc.syscall(
            ctypes.c_long(MOUNT_SETATTR),
            ctypes.c_int(AT_FDCWD),
            ctypes.c_char_p(os.fsencode(target)),
            ctypes.c_uint(flags),
            ctypes.c_char_p(attributes),
            ctypes.c_size_t(len(attributes)),
        ),
        f"mount_setattr {target}",
    )


def _bind(source: str, root: str, target: str) -> None:
    """Make a folder or file of this machine visible at a path under ``root``."""
    place = root + target
    if os.path.isdir(source):
        os.makedirs(place, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "a"):
            pass
    _mount(source, place, "", BIND | RECURSIVE)


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


def _map_user(user: int, group: int) -> None:
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{USER} {user} 1")
    _write("/proc/self/gid_map", f"{USER} {group} 1")


def _fill_etc(root: str) -> None:
    os.mkdir(root + "/etc")
    for name in ETC_FILES:
        if os.access(f"/etc/{name}", os.R_OK):
            shutil.copyfile(f"/etc/{name}", f"{root}/etc/{name}")
    for name in ETC_FOLDERS:
        if os.path.isdir(f"/etc/{name}"):
            _bind(f"/etc/{name}", root, f"/etc/{name}")
    home = f"/home/{USER_NAME}"  # which does not exist, as on AWS
    _write(
        f"{root}/etc/passwd",
        f"root:x:0:0::/root:/bin/sh\n{USER_NAME}:x:{USER}:{USER}::{home}:/bin/sh\n",
    )
    _write(f"{root}/etc/group", f"root:x:0:\n{USER_NAME}:x:{USER}:\n")


def _fill_system(root: str) -> None:
    for folder in SYSTEM:
        if os.path.islink(folder):
            os.symlink(os.readlink(folder), root + folder)
        elif os.path.isdir(folder):
            _bind(folder, root, folder)
    bash = "/usr/bin/bash"
    if os.path.exists(bash) and os.path.exists("/usr/bin/sh"):
        _mount(bash, root + "/usr/bin/sh", "", BIND)  # as on Amazon Linux


def _fill_devices(root: str) -> None:
    """Create ``/dev`` without ``/dev/shm``, as on AWS, where semaphores of multiprocessing fail."""
    os.mkdir(root + "/dev")
    for name in DEVICES:
        _bind(f"/dev/{name}", root, f"/dev/{name}")
    os.symlink("/proc/self/fd", root + "/dev/fd")
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        os.symlink(f"/proc/self/fd/{number}", f"{root}/dev/{name}")


def _change_root(settings: "dict[str, Any]") -> None:
    """Create the new tree and move into it.  The process must be the init of its namespace."""
    root = settings["root"]
    _mount("none", "/", "", PRIVATE | RECURSIVE)
    _mount("tmpfs", root, "tmpfs", NO_SUID, "size=4m,mode=755")
    _fill_system(root)
    _fill_etc(root)
    _fill_devices(root)
    for folder in ("/tmp", "/proc"):
        os.mkdir(root + folder)
    size = settings["megabytes"]
    _mount("tmpfs", root + "/tmp", "tmpfs", NO_SUID | NO_DEVICES, f"size={size}m,mode=1777")
    for source, target in settings["binds"]:  # some of these may be in /tmp
        _bind(source, root, target)
    for source, place in settings["links"]:
        os.makedirs(os.path.dirname(root + place), exist_ok=True)
        os.symlink(source, root + place)
    _change_attributes(root, READ_ONLY | NO_SUID, 0, AT_RECURSIVE)
    for place in ("/tmp", *settings["writable"]):
        _change_attributes(root + place, 0, READ_ONLY, 0)
    try:
        _mount("proc", root + "/proc", "proc", NO_SUID | NO_DEVICES | NO_EXEC)
    except PermissionError:  # in a container that hides parts of it
        _mount("/proc", root + "/proc", "", BIND | RECURSIVE)
    os.chdir(root)
    _check(_libc.pivot_root(b".", b"."), "pivot_root")
    _check(_libc.umount2(b".", DETACH), "umount")
    os.chdir(settings["directory"])


def _drop_rights() -> None:
    """Drop the namespace's privileges: the function may neither mount nor unmount."""
    _check(
        _libc.prctl(
            NO_NEW_PRIVILEGES,
            ctypes.c_ulong(1),
            ctypes.c_ulong(0),
            ctypes.c_ulong(0),
            ctypes.c_ulong(0),
        ),
        "prctl",
    )
    header = struct.pack("=Ii", CAPABILITIES_VERSION, 0)
    _check(_libc.capset(header, bytes(24)), "capset")


def _let_others_look(is_allowed: bool) -> None:
    """Allow or forbid other processes of the same user to look into this one, with /proc or ptrace.

    The init has a folder of this machine open, through which the function would reach all others.
    On AWS too, ``/proc/1/environ`` is unreadable [OBS].
    """
    _check(_libc.prctl(DUMPABLE, ctypes.c_ulong(is_allowed)), "prctl")


def _limit_files() -> None:
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = OPEN_FILES if most == resource.RLIM_INFINITY else min(OPEN_FILES, most)
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))


def _move_contents(source: str, target: str) -> None:
    for name in os.listdir(source):
        shutil.move(os.path.join(source, name), os.path.join(target, name))


def _end_as(status: int) -> "NoReturn":
    """End as another process did, by a signal or with an exit status."""
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        signal.signal(number, signal.SIG_DFL) if number not in (9, 19) else None
        os.kill(os.getpid(), number)
    os._exit(os.WEXITSTATUS(status))


def _stand_for(init: int, outcome: int) -> "NoReturn":
    """Be the process that the local AWS knows: wait, and end as the function ends.

    SIGTERM ends the function and keeps its ``/tmp``; if this process ends, everything does.
    """
    signal.signal(signal.SIGTERM, lambda *_: os.kill(init, signal.SIGTERM))
    said = b""
    while len(said) < 4:
        part = os.read(outcome, 4)
        if not part:
            break
        said += part
    os.waitpid(init, 0)
    _end_as(struct.unpack("=i", said)[0] if len(said) == 4 else signal.SIGKILL)


def _tend(function: int, outcome: int, kept: int) -> "NoReturn":
    """Be the init: reap every process that ends, until the function has ended."""
    signal.signal(signal.SIGTERM, lambda *_: os.kill(function, signal.SIGKILL))
    status = int(signal.SIGKILL)
    while True:
        try:
            ended, status = os.wait()
        except ChildProcessError:
            break
        if ended == function:
            break
    try:
        _move_contents("/tmp", f"/proc/self/fd/{kept}")
    except OSError:  # the disk is full, or something is still writing
        pass
    os.write(outcome, struct.pack("=i", status))
    os._exit(0)


def enter(settings: "dict[str, Any]") -> None:
    """Move into the sandbox; this returns only in the function's process.

    Args:
        settings: ``root`` (an empty folder), ``directory`` (the working directory), ``kept`` (a
            folder in which the contents of ``/tmp`` outlast the process), ``megabytes`` (the size
            of ``/tmp``), ``binds`` (pairs of a folder of this machine and its path in the sandbox),
            ``links`` (pairs of what a link leads to and its path) and ``writable`` (those paths of
            ``binds`` that may be written to).

    Raises:
        OSError: the kernel does not allow it.
    """
    user, group = os.getuid(), os.getgid()
    kept = os.open(settings["kept"], os.O_RDONLY | os.O_DIRECTORY)
    _check(_libc.unshare(NEW_USER | NEW_MOUNTS | NEW_PROCESSES | NEW_IPC), "unshare")
    _map_user(user, group)
    said, says = os.pipe()
    init = os.fork()
    if init:
        os.close(says)
        os.close(kept)
        _stand_for(init, said)
    os.close(said)
    try:
        _libc.prctl(DEATH_SIGNAL, ctypes.c_ulong(signal.SIGKILL))
        _change_root(settings)
        if os.listdir(f"/proc/self/fd/{kept}"):
            _move_contents(f"/proc/self/fd/{kept}", "/tmp")
        _drop_rights()
        _let_others_look(False)
    except OSError as problem:
        sys.stderr.write(f"The local AWS cannot create the function's environment: {problem}\n")
        sys.stderr.flush()
        os.write(says, struct.pack("=i", errno.ENOSYS << 8))
        os._exit(1)
    function = os.fork()
    if function:
        _tend(function, says, kept)
    os.close(says)
    os.close(kept)
    _let_others_look(True)
    _limit_files()


def main() -> None:
    """Run a program in the sandbox: a runtime other than Python, or a test of the sandbox."""
    enter(json.loads(sys.argv[1]))
    program = sys.argv[2:]
    try:
        os.execv(program[0], program)
    except OSError as problem:
        sys.stderr.write(f"{program[0]}: {problem.strerror}\n")
        sys.stderr.flush()
        os._exit(126 if isinstance(problem, PermissionError) else 127)


if __name__ == "__main__":
    main()
