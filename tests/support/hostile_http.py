# SPDX-License-Identifier: Apache-2.0
"""What a listener on a network meets: CA PORT SECRET FILE MAX.

Whoever knows the secret is served before, between and after; nobody else
touches the file."""

import os
import socket
import ssl
import sys
import time

ca, port, secret, touched, most = sys.argv[1:]
port, most = int(port), int(most)
trust = ssl.create_default_context(cafile=ca)
failures = 0


def fail(text):
    global failures
    failures += 1
    print("hostile:", text, file=sys.stderr)


def plain(wait=15):
    return socket.create_connection(("127.0.0.1", port), wait)


def secure(wait=15):
    return trust.wrap_socket(plain(wait), server_hostname="localhost")


def answer(c):
    """The status; 0 when it was closed without one."""
    got = b""
    try:
        while b"\r\n" not in got:
            more = c.recv(4096)
            if not more:
                break
            got += more
    except (ConnectionError, ssl.SSLError):
        pass
    first = got.split(b"\r\n")[0].split()
    return int(first[1]) if len(first) > 1 else 0


def ask(data):
    with secure() as c:
        try:
            c.sendall(data)
        except (ConnectionError, ssl.SSLError):
            pass
        return answer(c)


def request(method="POST", path=None, headers="", body=b"", length=None):
    path = "/notify/" + secret if path is None else path
    length = len(body) if length is None else length
    return ("%s %s HTTP/1.1\r\nHost: localhost\r\n%sContent-Length: %d\r\n\r\n"
            % (method, path, headers, length)).encode() + body


def time_of():
    return os.stat(touched).st_mtime_ns


def served(when):
    was = time_of()
    time.sleep(0.02)
    status = ask(request())
    if status != 200 or time_of() == was:
        fail("%s: a notification is answered %d" % (when, status))


def refused(what, data, statuses):
    was = time_of()
    status = ask(data)
    if status not in statuses:
        fail("%s: %d" % (what, status))
    if time_of() != was:
        fail("%s: touches the file" % what)


def is_closed(c, seconds):
    """The other side ends it within that time."""
    c.settimeout(seconds)
    try:
        while c.recv(4096):
            pass
        return True
    except socket.timeout:
        return False
    except OSError:
        return True


served("at first")

NO = (0, 400, 404, 405, 413, 414, 417, 431, 501)
rows = [
    ("no secret", request(path="/notify/")),
    ("no path", request(path="/")),
    ("another secret", request(path="/notify/" + secret[:-1] + "x")),
    ("half of it", request(path="/notify/" + secret[:-4])),
    ("more than it", request(path="/notify/" + secret + "/..")),
    ("a way around", request(path="/x/../notify/" + secret)),
    ("in the query", request(path="/notify/?" + secret)),
    ("as a token", request(path="/notify/",
                           headers="Authorization: Bearer %s\r\n" % secret)),
    ("a large body", request(body=b"x" * 2000000)),
    ("a larger one said", request(length=10**18)),
    ("a length that is none", request(length=-1)),
    ("many headers", request(headers="X: y\r\n" * 20000)),
    ("a long header", request(headers="X: " + "y" * 200000 + "\r\n")),
    ("a long path", request(path="/" + "y" * 200000)),
    ("no HTTP", b"\x00\xff" * 500 + b"\r\n\r\n"),
    ("HTTP of the future", b"POST / HTTP/9.9\r\n\r\n"),
    ("a proxy's verb", b"CONNECT elsewhere:443 HTTP/1.1\r\n\r\n"),
]
for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE",
               "FROB"):
    rows.append((method, request(method=method)))
for what, data in rows:
    refused(what, data, NO)
served("after those")

# Without TLS, and with one that is too old.
with plain() as c:
    c.sendall(request())
    if answer(c) != 0:
        fail("plain text is spoken")
old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
old.check_hostname = False
old.verify_mode = ssl.CERT_NONE
old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
try:
    old.wrap_socket(plain()).close()
    fail("TLS 1.1 is spoken")
except (ssl.SSLError, OSError):
    pass
served("after plain text")

# Slow: a byte now and then, in the handshake and in a request.
slow = [plain(), secure()]
slow[1].sendall(b"POST /notify/")
began, done = time.time(), [False, False]
while not all(done) and time.time() - began < 12:
    for i, c in enumerate(slow):
        try:
            if not done[i]:
                c.sendall(b"\x16" if i == 0 and time.time() - began < 0.1
                          else b"\x03" if i == 0 else b"x")
        except OSError:
            done[i] = True
    if time.time() - began < 1:
        served("beside slow ones")
    time.sleep(0.2)
if not all(done):
    fail("slow ones are kept for ever: %s" % done)

# Many who say nothing: as many as may be, and more that wait; all end.
held = [plain() for _ in range(most * 5)]
began = time.time()
if not all(is_closed(c, 15) for c in held[:most]):
    fail("who says nothing is kept")
if time.time() - began > 10:
    fail("it took %d s" % (time.time() - began))
for c in held:
    c.close()
served("after many")

# Many after one another, some gone in the midst.
for i in range(100):
    with secure() as c:
        c.sendall(request()[:40] if i % 2 else request(path="/%d" % i))
served("after many more")
sys.exit(1 if failures else 0)
