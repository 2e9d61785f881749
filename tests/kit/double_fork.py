"""A program that leaves a process behind as old daemons did: two forks, a session of its own, no environment."""

DOUBLE_FORK = """\
import os, sys
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        null = os.open("/dev/null", os.O_RDWR)
        for number in (0, 1, 2) if {closes} else ():
            os.dup2(null, number)
        open({told!r}, "w").write(str(os.getpid()))
        os.execve("/bin/sleep", ["sleep", "60"], {{}})
    os._exit(0)
os.wait()
while not (os.path.exists({told!r}) and os.path.getsize({told!r})):
    pass
"""
