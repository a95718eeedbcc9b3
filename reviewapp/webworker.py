"""Gunicorn's worker for the web: whoever is free takes the request that has waited longest.

Gunicorn's own threads keep a connection with the process that accepted it, so people wait behind each other in one
process while another is idle (docs/adr/0010-one-queue-of-requests.md).
"""

import socket
import time
from concurrent.futures import Future
from functools import partial
from selectors import EVENT_READ
from typing import Any, ClassVar

from gunicorn.errors import ConfigError
from gunicorn.workers.gthread import TConn, ThreadWorker


class Worker(ThreadWorker):  # type: ignore[misc]  # comes without types
    """One request at a time in each process; one that takes long no longer keeps the next out, as threads allow.

    A connection on which a request arrives is sent to a queue that all processes share, and stays with the process
    that answered until the next. For plain HTTP: the state of TLS cannot be sent along.
    """

    long_seconds = 0.25
    queue: ClassVar[tuple[socket.socket, socket.socket]]

    @classmethod
    def setup(cls) -> None:
        """Make the queue before any process is forked, so that all inherit the same, those that start later as well."""
        if not hasattr(Worker, "queue"):
            Worker.queue = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            for end in Worker.queue:
                end.setblocking(False)

    @classmethod
    def check_config(cls, cfg: Any, log: Any) -> None:
        super().check_config(cfg, log)
        if cfg.is_ssl:
            raise ConfigError("This worker speaks plain HTTP; let a proxy in front of it end TLS.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._began: dict[TConn, float] = {}
        self._takes = False

    def accept(self, listener: socket.socket) -> None:
        """Keep a new connection until a request arrives on it."""
        try:
            client, address = listener.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return
        conn = TConn(self.cfg, client, address, listener.getsockname())
        self.nr_conns += 1
        conn.set_timeout()
        self.keepalived_conns.append(conn)
        self.poller.register(client, EVENT_READ, partial(self.on_client_socket_readable, conn))

    def on_client_socket_readable(self, conn: TConn, client: socket.socket) -> None:
        """Send the connection to the queue; if that is full, serve it here."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        try:
            socket.send_fds(self.queue[0], [b"."], [client.fileno()])
        except OSError:
            self.enqueue_req(conn)
        else:
            self.nr_conns -= 1
            conn.close()

    def take(self, queue: socket.socket) -> None:
        """Serve the connection that has waited longest, unless another process was faster."""
        try:
            _, fds, _, _ = socket.recv_fds(queue, 1, 1)
        except BlockingIOError:
            return
        for client in (socket.socket(fileno=fd) for fd in fds):  # one, or none where no file can be opened any more
            try:
                conn = TConn(self.cfg, client, client.getpeername(), client.getsockname())
            except OSError:  # gone meanwhile
                client.close()
                continue
            conn.data_ready = True
            self.nr_conns += 1
            self.enqueue_req(conn)

    def enqueue_req(self, conn: TConn) -> None:
        self._began[conn] = time.monotonic()
        super().enqueue_req(conn)

    def finish_request(self, conn: TConn, fs: "Future[Any]") -> None:
        self._began.pop(conn, None)
        super().finish_request(conn, fs)

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """Listen to the queue only while free."""
        now = time.monotonic()
        recent = [now - began for began in self._began.values() if now - began < self.long_seconds]
        if (is_free := not recent and len(self._began) < self.cfg.threads) != self._takes:
            self._takes = is_free
            if is_free:
                self.poller.register(self.queue[1], EVENT_READ, self.take)
            else:
                self.poller.unregister(self.queue[1])
        super().wait_for_and_dispatch_events(min(timeout, self.long_seconds - max(recent)) if recent else timeout)
