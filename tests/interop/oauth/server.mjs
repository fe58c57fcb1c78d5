// SPDX-License-Identifier: Apache-2.0
// oidc-provider in front of Medplum's router: SMART Backend Services.
//   usage: node server.mjs CERT_DIR URL_FILE JWKS_FILE DRIVER_TOKEN_FILE
// The signature, its algorithm, iss, exp, nbf and a jti used twice are
// oidc-provider's to check.  Added is what SMART asks beyond that, discovery,
// and that a token opens what its scopes name and nothing else.
import { readFileSync } from 'node:fs';
import Provider, { errors } from 'oidc-provider';
import { TYPES, announce, forbidden, makeServer, unauthorized } from '../medplum/server.mjs';

const CLIENT = 'rescan-interop';
const LIFE_S = 3; // short, so that tokens run out while one run lasts
const [certs, file, jwks, driver] = process.argv.slice(2);
const letters = 'cruds';
const scopes = TYPES.flatMap((type) => Array.from({ length: 31 }, (_, n) =>
	`system/${type}.${[...letters].filter((_c, i) => (n + 1) & (1 << i)).join('')}`));

/* SMART Backend Services, "Authentication JWT" */
function assertion(ctx, claims, header, client) {
	const wrong = (what) => {
		throw new errors.InvalidClientAuth(what);
	};
	if (claims.aud !== ctx.oidc.urlFor('token')) wrong('aud is not the token URL');
	if (claims.sub !== client.clientId) wrong('sub is not the client');
	if (claims.exp > Date.now() / 1000 + 300) wrong('exp is too far ahead');
	if (header.typ !== 'JWT' || !header.kid) wrong('kid or typ is missing');
}

function makeProvider(origin) {
	const provider = new Provider(origin, {
		clients: [{
			client_id: CLIENT, token_endpoint_auth_method: 'private_key_jwt', grant_types: ['client_credentials'],
			redirect_uris: [], response_types: [], jwks: JSON.parse(readFileSync(jwks)), scope: scopes.join(' '),
		}],
		features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
		scopes, routes: { token: '/oauth/token' }, ttl: { ClientCredentials: LIFE_S },
		clientAuthMethods: ['private_key_jwt'], enabledJWA: { clientAuthSigningAlgValues: ['ES384', 'RS384'] },
		assertJwtClientAuthClaimsAndHeader: assertion,
	});
	provider.on('grant.success', (ctx) => console.log('token for', ctx.oidc.entities.ClientCredentials.scope));
	provider.on('grant.error', (_ctx, e) => console.log('no token:', e.error_description, e.error_detail ?? ''));
	return provider;
}

function discovery(origin) {
	return {
		token_endpoint: `${origin}/oauth/token`, grant_types_supported: ['client_credentials'],
		token_endpoint_auth_methods_supported: ['private_key_jwt'],
		token_endpoint_auth_signing_alg_values_supported: ['ES384', 'RS384'], scopes_supported: TYPES.map((type) => `system/${type}.cruds`),
		capabilities: ['client-confidential-asymmetric', 'permission-v2'],
	};
}

/* c, r, u, d or s, as SMART has it. */
function access(req, id) {
	return { GET: id ? 'r' : 's', POST: id === '_search' ? 's' : 'c', PUT: 'u', PATCH: 'u', DELETE: 'd' }[req.method];
}

let provider;
const master = readFileSync(driver, 'utf8').trim();
async function authorize(req, url) {
	const [scheme, value] = (req.headers.authorization ?? '').split(' ');
	if (scheme === 'Bearer' && value === master) return undefined;
	const token = scheme === 'Bearer' && value ? await provider.ClientCredentials.find(value) : undefined;
	if (!token?.isValid) return unauthorized;
	const [type, id] = url.pathname.split('/').slice(2);
	const may = (token.scope ?? '').split(' ').some((s) => {
		const [, on, to] = /^system\/(\w+)\.([cruds]+)$/.exec(s) ?? [];
		return on === type && to.includes(access(req, id));
	});
	return may ? undefined : forbidden;
}

function other(req, res, url) {
	if (!url.pathname.endsWith('/.well-known/smart-configuration')) return provider.callback()(req, res);
	res.setHeader('Content-Type', 'application/json');
	return res.end(JSON.stringify(discovery(url.origin)));
}

announce(makeServer(certs, { authorize, other }), file, (origin) => {
	provider = makeProvider(origin);
});
