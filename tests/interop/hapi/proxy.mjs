// SPDX-License-Identifier: Apache-2.0
// TLS in front of a server that speaks plain HTTP; it ends with this one.
//   usage: node proxy.mjs CERT_DIR URL_FILE COMMAND ARG...
// The command writes its own base URL to URL_FILE.plain when it is ready.
// Nothing is rewritten: X-Forwarded-* tell the server what it is called.
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';

const [certs, file, command, ...args] = process.argv.slice(2);
const plain = `${file}.plain`;
rmSync(plain, { force: true });
const behind = spawn(command, [...args, plain], { stdio: 'inherit' });
behind.on('exit', () => process.exit(1));
process.on('SIGTERM', () => behind.kill('SIGKILL'));
while (!existsSync(plain) || !readFileSync(plain, 'utf8').endsWith('\n')) await pause(200);
const base = new URL(readFileSync(plain, 'utf8').trim());

const server = createServer({
	cert: readFileSync(`${certs}/server.pem`), key: readFileSync(`${certs}/server.key.pem`), minVersion: 'TLSv1.2',
}, (req, res) => {
	const forward = request({
		host: base.hostname, port: base.port, method: req.method, path: req.url,
		headers: { ...req.headers, 'x-forwarded-proto': 'https', 'x-forwarded-host': req.headers.host },
	}, (answer) => {
		res.writeHead(answer.statusCode, answer.rawHeaders);
		answer.pipe(res);
	});
	forward.on('error', () => (res.headersSent ? res.destroy() : res.writeHead(502).end()));
	req.pipe(forward);
});
server.listen(0, '127.0.0.1', () => {
	writeFileSync(`${file}.new`, `https://localhost:${server.address().port}${base.pathname}`);
	renameSync(`${file}.new`, file);
});
