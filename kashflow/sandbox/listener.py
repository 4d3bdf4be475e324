"""What the sandbox's ports share: a thread to each connection, and a stop that hangs up on everyone."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
from http.server import ThreadingHTTPServer
from typing import Any

from kashflow.sandbox import connection


class Listener(ThreadingHTTPServer):
    """One listening port."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handler: Any) -> None:
        self._open: set[socket.socket] = set()
        super().__init__(address, handler)

    def start(self) -> None:
        """Serves in a thread of its own until `stop`."""
        threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        """Stops listening and hangs up on everyone."""
        self.shutdown()
        self.server_close()
        for one in list(self._open):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        if connection.will_reset(request):
            # The base class says goodbye first, which a reset does not.
            request.close()
        else:
            super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that hung up is nobody's error here: half of the faults make it do so.
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)
