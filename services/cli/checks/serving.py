"""The port to serve on: free, or whose it is."""

import psutil

from services.cli.checks.finding import Finding, fine, wrong
from services.cli.checks.scene import Scene
from services.cli.failures import Failure
from services.cli.port import listen


def port(scene: Scene) -> Finding:
    """See that the port is free, or served by our own `up`."""
    if found := scene.running():
        return fine("port", f"`perpetua up` serves {found.url} (process {found.pid})")
    settings = scene.settings
    try:
        listen(settings.host, settings.port).close()
    except Failure as taken:
        what, _, fix = str(taken).partition("; ")
        return wrong("port", f"{what}{_by_whom(settings.port)}", fix)
    return fine("port", f"{settings.port} of {settings.host} is free")


def _by_whom(port: int) -> str:
    """Say who listens there, as far as this user may know."""
    try:
        for each in psutil.net_connections("tcp"):
            if each.status == psutil.CONN_LISTEN and each.laddr.port == port and each.pid:
                return f" by {psutil.Process(each.pid).name()} (process {each.pid})"
    except psutil.Error:
        return ""
    return ""
