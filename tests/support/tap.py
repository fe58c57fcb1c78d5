# SPDX-License-Identifier: Apache-2.0
"""Between a client and a server on this machine: PORT PORT_FILE OUT.

Passes bytes on as they come and writes to OUT how many connections waited for
an answer at once, at most."""

import os
import selectors
import socket
import sys

target, port_file, out = int(sys.argv[1]), sys.argv[2], sys.argv[3]
FAREWELL = 31  # a TLS alert is no request
watch = selectors.DefaultSelector()
listener = socket.create_server(("127.0.0.1", 0))
watch.register(listener, selectors.EVENT_READ)
with open(port_file + ".new", "w") as f:
    f.write(str(listener.getsockname()[1]))
os.rename(port_file + ".new", port_file)
pairs, waiting, most = {}, set(), 0


def end(a):
    b = pairs.pop(a)
    pairs.pop(b, None)
    waiting.difference_update((a, b))
    for s in (a, b):
        watch.unregister(s)
        s.close()


def answered_is(client, is_so):
    global most
    (waiting.discard if is_so else waiting.add)(client)
    if len(waiting) > most:
        most = len(waiting)
        with open(out, "w") as f:
            f.write("%d\n" % most)


while True:
    for key, _ in watch.select():
        s = key.fileobj
        if s is listener:
            client = listener.accept()[0]
            server = socket.create_connection(("127.0.0.1", target))
            pairs[client], pairs[server] = server, client
            for c in (client, server):
                c.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            watch.register(client, selectors.EVENT_READ, True)
            watch.register(server, selectors.EVENT_READ, False)
            continue
        if s not in pairs:
            continue
        try:
            data = s.recv(65536)
            if data:
                pairs[s].sendall(data)
        except OSError:
            data = b""
        if not data:
            end(s)
        elif not key.data:
            answered_is(pairs[s], True)
        elif len(data) > FAREWELL:
            answered_is(s, False)
