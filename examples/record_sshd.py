#!/usr/bin/env python3
"""Record `sshd.log`: a real sshd and a real rsyslog on loopback, under some four hundred logins.

Needs root with the right to mount, `sshd`, `ssh` (8.4 or later), `rsyslogd` and `unshare`, and a
machine on which nobody else listens on /dev/log: a throw-away machine is the right place.
Everything stays on 127.0.0.0/8, every wait has an end, and the accounts it makes are gone
afterwards. Takes about three minutes.

    python3 examples/record_sshd.py examples/sshd.log
"""

import os
import pwd
import random
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sshd_traffic import PEOPLE, ROBOTS, Client, jobs

PORT = 2222
HOST_NAME = "bastion"
SYSLOG_SOCKET = Path("/dev/log")

SSHD_CONFIG = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {work}/host_key
PidFile {work}/sshd.pid
AuthorizedKeysFile {work}/%u.keys
UsePAM yes
PermitRootLogin no
PasswordAuthentication yes
KbdInteractiveAuthentication no
MaxAuthTries 6
MaxStartups 100
"""
RSYSLOG_CONFIG = """\
global(workDirectory="{work}" localHostname="{host}")
module(
  load="imuxsock" SysSock.Name="{socket}"
  SysSock.RateLimit.Interval="5" SysSock.RateLimit.Burst="2000"  # looks at each process apart
)
$RepeatedMsgReduction on
$ActionFileDefaultTemplate RSYSLOG_TraditionalFileFormat
auth,authpriv.* {work}/auth.log
"""
# Debian's file, less the session modules that miss a systemd and complain at each login.
PAM_CONFIG = """\
@include common-auth
@include common-account
session required pam_unix.so
"""
# A mount of its own puts the PAM file in place for this sshd alone; both execs keep the process id.
SSHD_COMMAND = """\
mount --bind {work}/pam.conf /etc/pam.d/sshd && exec "$(command -v sshd)" -D -f {work}/sshd.conf
"""
# ssh asks this program for a password; it answers with the next line of the connection's list.
ASKPASS = """\
#!/bin/sh
head -n 1 "$ANSWERS" && sed -i 1d "$ANSWERS"
"""


@contextmanager
def account(name: str) -> Iterator[str]:
    """A test account with a random password, removed again."""
    password = secrets.token_urlsafe(12)
    subprocess.run(["useradd", "--no-create-home", "--shell", "/bin/sh", name], check=True)
    try:
        subprocess.run(["chpasswd"], input=f"{name}:{password}", text=True, check=True)
        yield password
    finally:
        subprocess.run(["userdel", name], check=True)


@contextmanager
def daemon(*command: str) -> Iterator[None]:
    """A program in the foreground, stopped at the end."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        time.sleep(1)
        if process.poll() is not None:
            sys.exit(f"{command[0]} did not start (exit code {process.returncode})")
        yield
    finally:
        process.terminate()
        process.wait(timeout=10)


@contextmanager
def work_folder() -> Iterator[Path]:
    """Keys and configuration, below /run because sshd trusts no key below a shared folder."""
    work = Path(tempfile.mkdtemp(prefix="record-sshd-", dir="/run"))
    try:
        work.chmod(0o755)
        for name in ("host_key", "client_key"):
            subprocess.run(
                ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", f"{work}/{name}"],
                check=True,
            )
        for user in (*PEOPLE, *ROBOTS):
            shutil.copy(work / "client_key.pub", work / f"{user}.keys")
        (work / "pam.conf").write_text(PAM_CONFIG)
        (work / "askpass").write_text(ASKPASS)
        (work / "askpass").chmod(0o755)
        values = {"work": work, "port": PORT, "host": HOST_NAME, "socket": SYSLOG_SOCKET}
        (work / "sshd.conf").write_text(SSHD_CONFIG.format(**values))
        (work / "rsyslog.conf").write_text(RSYSLOG_CONFIG.format(**values))
        yield work
    finally:
        shutil.rmtree(work)


def refuse_if_unsafe() -> None:
    """Stop before anything is changed on a machine that this must not run on."""
    if os.geteuid() != 0:
        sys.exit("record_sshd: needs root, for sshd and for the test accounts")
    if SYSLOG_SOCKET.exists():
        sys.exit(f"record_sshd: {SYSLOG_SOCKET} is taken; use a machine without a syslog daemon")
    for program in ("sshd", "ssh", "rsyslogd", "unshare"):
        if shutil.which(program) is None:
            sys.exit(f"record_sshd: {program} is missing (see examples/README.md)")
    taken = {entry.pw_name for entry in pwd.getpwall()} & {*PEOPLE, *ROBOTS}
    if taken:
        sys.exit(f"record_sshd: accounts {sorted(taken)} exist; they would be removed")


def main() -> None:
    """Record to the file named on the command line."""
    if len(sys.argv) != 2:
        sys.exit("usage: record_sshd.py OUTPUT")
    refuse_if_unsafe()
    Path("/run/sshd").mkdir(exist_ok=True)  # where sshd locks its unprivileged half in
    with ExitStack() as stack:
        work = stack.enter_context(work_folder())
        users = (*PEOPLE, *ROBOTS)
        passwords = {name: stack.enter_context(account(name)) for name in users}
        client = Client(work, PORT, passwords)
        with (
            daemon("rsyslogd", "-n", "-f", f"{work}/rsyslog.conf", "-i", f"{work}/rsyslog.pid"),
            daemon("unshare", "--mount", "sh", "-c", SSHD_COMMAND.format(work=work)),
        ):
            todo = jobs(client)
            with ThreadPoolExecutor(len(todo)) as pool:
                running = [pool.submit(job, random.Random(n)) for n, job in enumerate(todo)]
                for job in running:
                    job.result()
        shutil.copyfile(work / "auth.log", sys.argv[1])


if __name__ == "__main__":
    main()
