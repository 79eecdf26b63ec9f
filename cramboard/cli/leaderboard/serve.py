"""`cramboard leaderboard serve`: a local look at the website."""

import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import click

from cramboard.cli.leaderboard.site import make_site, options
from cramboard.errors import MachineError


class _Quiet(SimpleHTTPRequestHandler):
    """Serves files, says nothing, and lets no browser keep an old page."""

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


class _Server(ThreadingHTTPServer):
    """Lets a browser go away in the middle of a page."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def server(folder: Path, port: int) -> ThreadingHTTPServer:
    """Return a server of `folder` on this machine alone; port 0 takes a free one.

    Raises:
        MachineError: If the port cannot be had.
    """
    try:
        return _Server(("127.0.0.1", port), partial(_Quiet, directory=str(folder)))
    except OSError as error:
        raise MachineError(f"--port {port}: cannot be served on ({error.strerror}); give another, or 0") from None


@click.command("serve")
@options
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes a free port.")
def command(port: int, output_dir: Path, submissions: Path | None, runs: tuple[Path, ...], allow_broken: bool) -> None:
    """Build the website and serve it on this machine until Ctrl+C."""
    make_site(output_dir, submissions, runs, allow_broken)
    with server(output_dir, port) as serving:
        click.echo(f"http://127.0.0.1:{serving.server_address[1]}/")
        click.echo("Ctrl+C ends it", err=True)
        try:
            serving.serve_forever()
        except KeyboardInterrupt:
            click.echo(err=True)
