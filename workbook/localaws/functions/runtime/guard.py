"""Keep a function away from the user's files on systems without a sandbox.

This is an audit hook: it observes the file operations of the function's Python. It refuses to
change anything outside the environment's own folders, and to read from the user's home or
information about other processes. It does not see native code, nor programs that the function
starts; ``docs/security.md`` says so. It uses the standard library only, and runs on every supported
version of Python.
"""

import errno
import os
import sys

TYPE_CHECKING = False  # as in typing, which is slow to import
if TYPE_CHECKING:
    from typing import Any

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
# Events whose first argument is the path that they change; the number is the index of ``dir_fd``.
CHANGES = {
    "os.chflags": None,
    "os.chmod": 2,
    "os.chown": 3,
    "os.mkdir": 2,
    "os.remove": 1,
    "os.removexattr": None,
    "os.rmdir": 1,
    "os.setxattr": None,
    "os.truncate": None,
    "os.utime": 3,
    "shutil.rmtree": 1,
}
READS = {"os.chdir", "os.listdir", "os.scandir", "os.listxattr", "os.getxattr"}
MAC_GET_PATH = 50  # an fcntl command


def _folder_of(descriptor: int) -> str:
    """Return the path of an open folder; the root if the system does not say."""
    try:
        if sys.platform == "darwin":
            import fcntl

            return fcntl.fcntl(descriptor, MAC_GET_PATH, bytes(1024)).rstrip(b"\0").decode()
        return os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        return os.sep


def _place(path: "Any", descriptor: "Any" = None) -> str:
    """Return a path with links resolved; a relative path may start at an open folder."""
    text = os.fsdecode(path)
    if isinstance(descriptor, int) and descriptor >= 0:
        text = os.path.join(_folder_of(descriptor), text)
    return os.path.realpath(text)


def _is_inside(place: str, folders: "list[str]") -> bool:
    return any(place == folder or place.startswith(folder + os.sep) for folder in folders)


def _is_of_another_process(place: str) -> bool:
    parts = place.split(os.sep)
    of_one = len(parts) > 2 and parts[1] == "proc" and parts[2].isdigit()
    return of_one and parts[2] != str(os.getpid())


def _refused(number: int, place: str) -> OSError:
    return OSError(
        number,
        f"{os.strerror(number)} (the local AWS keeps functions away from this computer's files; "
        "use the folder that tempfile.gettempdir() returns)",
        place,
    )


def install(writable: "list[str]", readable: "list[str]", home: str) -> None:
    """Refuse, from now on, operations that would touch the user's files.

    Args:
        writable: the folders in which every operation is allowed.
        readable: the folders in the user's home that may be read, such as the interpreter's.
        home: the user's home.
    """
    writable = [os.path.realpath(folder) for folder in writable]
    readable = [os.path.realpath(folder) for folder in readable] + writable
    home = os.path.realpath(home)

    def check_change(path: "Any", descriptor: "Any" = None) -> None:
        if isinstance(path, int):  # an open file, checked when it was opened
            return
        place = _place(path, descriptor)
        if not _is_inside(place, writable) and place != os.devnull:
            raise _refused(errno.EROFS, place)

    def check_read(path: "Any") -> None:
        if path is None or isinstance(path, int):
            return
        place = _place(path)
        private = _is_inside(place, [home]) and not _is_inside(place, readable)
        if private or _is_of_another_process(place):
            raise _refused(errno.EACCES, place)

    def hook(event: str, given: "tuple[Any, ...]") -> None:
        if event == "open":
            if isinstance(given[2], int) and given[2] & WRITES:
                check_change(given[0])
            else:
                check_read(given[0])
        elif event in CHANGES:
            number = CHANGES[event]
            check_change(given[0], None if number is None else given[number])
        elif event == "os.rename":
            check_change(given[0], given[2])
            check_change(given[1], given[3])
        elif event in ("os.link", "os.symlink"):
            check_change(given[1], given[-1])
        elif event in READS:
            check_read(given[0])

    sys.addaudithook(hook)
