#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
#
# within_unit.py UNIT [DROP-IN...] -- COMMAND...: runs the command as systemd would within what the
# unit allows: SystemCallFilter (others fail with EPERM), CapabilityBoundingSet, MemoryDenyWriteExecute.
import ctypes
import os
import re
import subprocess
import sys

import seccomp

PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN = 65, 1


def names_of(word):
    """A group's system calls, as this machine's systemd knows them; groups may hold groups."""
    if not word.startswith("@"):
        return {word}
    listed = subprocess.run(["systemd-analyze", "syscall-filter", "--no-pager", word], check=True,
                            capture_output=True, text=True).stdout
    words = [line.strip() for line in listed.splitlines()[1:]]
    return set().union(*(names_of(w) for w in words if w and not w.startswith("#")))


def values(text, key):
    found = " ".join(re.findall(rf"^{key}=(.*)$", text, re.MULTILINE)).split()
    if not found or any(word.startswith("~") for word in found):
        sys.exit(f"within_unit.py: {key} does not say what it allows")
    return found


end = sys.argv.index("--")
unit = ""
for name in sys.argv[1:end]:
    with open(name, encoding="ascii") as file:
        unit += file.read()
rules = seccomp.SyscallFilter(seccomp.ERRNO(1))
for name in sorted(set().union(*map(names_of, ["@default"] + values(unit, "SystemCallFilter")))):
    try:
        rules.add_rule(seccomp.ALLOW, name)
    except RuntimeError:
        pass  # of another architecture
rules.load()
# Kernels before 6.3 do not know it.
if values(unit, "MemoryDenyWriteExecute") == ["yes"]:
    ctypes.CDLL(None).prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0)
bounds = ",".join("+" + word.removeprefix("CAP_").lower() for word in values(unit, "CapabilityBoundingSet"))
os.execvp("setpriv", ["setpriv", f"--bounding-set=-all,{bounds}", *sys.argv[end + 1:]])
