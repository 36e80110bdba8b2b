"""The one right of root that the edge may need: to open ports below 1024. See capabilities(7), prctl(2), capset(2)."""

import ctypes

NET_BIND_SERVICE = 10
PR_SET_KEEPCAPS, PR_CAP_AMBIENT = 8, 47
AMBIENT_RAISE, AMBIENT_CLEAR_ALL = 2, 4
VERSION_3 = 0x20080522

_libc = ctypes.CDLL(None, use_errno=True)


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Data(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


def keep() -> None:
    """Before the change of user: the rights of root stay until the next call says which."""
    _libc.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)


def only_low_ports() -> None:
    """After the change of user: drops all rights but this one, which then also lives through exec.

    In a container that never had it nothing is left, and a port below 1024 is refused with the usual message.
    """
    mask = 1 << NET_BIND_SERVICE
    data = (_Data * 2)(_Data(mask, mask, mask), _Data(0, 0, 0))
    if _libc.capset(ctypes.byref(_Header(VERSION_3, 0)), data) != 0:
        _libc.capset(ctypes.byref(_Header(VERSION_3, 0)), (_Data * 2)())
        return
    _libc.prctl(PR_CAP_AMBIENT, AMBIENT_RAISE, NET_BIND_SERVICE, 0, 0)


def clear() -> None:
    """In a child that shall not have it."""
    _libc.prctl(PR_CAP_AMBIENT, AMBIENT_CLEAR_ALL, 0, 0, 0)
