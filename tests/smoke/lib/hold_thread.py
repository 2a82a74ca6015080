#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""hold_thread.py TID SECONDS: keeps one thread of a process from running for a while, as a machine
that is overloaded would. Prints when it let go, in ms since the epoch."""
import ctypes
import os
import sys
import time

SEIZE, INTERRUPT, DETACH, WALL = 0x4206, 0x4207, 17, 0x40000000
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long


def ptrace(request, thread):
    if libc.ptrace(request, thread, None, None) != 0:
        sys.exit("hold_thread: %s: %s" % (thread, os.strerror(ctypes.get_errno())))


tid, seconds = int(sys.argv[1]), float(sys.argv[2])
ptrace(SEIZE, tid)
ptrace(INTERRUPT, tid)
os.waitpid(tid, WALL)
time.sleep(seconds)
ptrace(DETACH, tid)
print(int(time.time() * 1000))
