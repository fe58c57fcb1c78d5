-- SPDX-License-Identifier: Apache-2.0
-- The first schema.  A later one is a file of its own.
CREATE TABLE meta (
	key TEXT PRIMARY KEY,
	value TEXT NOT NULL
) STRICT;

CREATE TABLE cursor (
	server TEXT NOT NULL,
	type TEXT NOT NULL,
	watermark_ms INTEGER NOT NULL,
	PRIMARY KEY (server, type)
) STRICT;

-- state: 0 present, 1 deleted, 2 missing; stale: what refers to it changed.
CREATE TABLE resource (
	id INTEGER PRIMARY KEY,
	server TEXT NOT NULL,
	key TEXT NOT NULL,
	type TEXT NOT NULL,
	version TEXT NOT NULL,
	last_updated_ms INTEGER,
	patient TEXT,
	hash TEXT NOT NULL,
	body TEXT NOT NULL,
	state INTEGER NOT NULL,
	stale INTEGER NOT NULL DEFAULT 0,
	UNIQUE (server, key)
) STRICT;
CREATE INDEX resource_patient ON resource (server, patient);

CREATE TABLE reference (
	server TEXT NOT NULL,
	source TEXT NOT NULL,
	target TEXT NOT NULL,
	PRIMARY KEY (server, source, target)
) STRICT, WITHOUT ROWID;
CREATE INDEX reference_target ON reference (server, target);

CREATE TABLE patient_alias (
	server TEXT NOT NULL,
	alias TEXT NOT NULL,
	patient TEXT NOT NULL,
	PRIMARY KEY (server, alias)
) STRICT;
CREATE INDEX patient_alias_patient ON patient_alias (server, patient);

-- dirty and assessed are generations; dirty > assessed means work.
CREATE TABLE patient (
	id INTEGER PRIMARY KEY,
	server TEXT NOT NULL,
	key TEXT NOT NULL,
	dirty INTEGER NOT NULL DEFAULT 0,
	assessed INTEGER NOT NULL DEFAULT 0,
	due_day INTEGER,
	lease_until_ms INTEGER NOT NULL DEFAULT 0,
	lease_owner TEXT NOT NULL DEFAULT '',
	UNIQUE (server, key)
) STRICT;
CREATE INDEX patient_dirty ON patient (server, id) WHERE dirty > assessed;
CREATE INDEX patient_due ON patient (server, id)
	WHERE due_day IS NOT NULL;

CREATE TABLE assessment (
	patient_id INTEGER PRIMARY KEY REFERENCES patient (id),
	document TEXT NOT NULL,
	maps TEXT NOT NULL,
	as_of INTEGER,
	made_ms INTEGER NOT NULL
) STRICT;

-- state: enum output_state of store.h, 0 pending, 1 sending.
CREATE TABLE output (
	id INTEGER PRIMARY KEY,
	patient_id INTEGER NOT NULL REFERENCES patient (id),
	server TEXT NOT NULL,
	identifier TEXT NOT NULL,
	seq INTEGER NOT NULL,
	type TEXT NOT NULL,
	kind TEXT NOT NULL,
	label TEXT NOT NULL,
	search TEXT NOT NULL,
	body TEXT NOT NULL,
	hash TEXT NOT NULL,
	only_if_exists INTEGER NOT NULL,
	state INTEGER NOT NULL DEFAULT 0,
	server_id TEXT NOT NULL DEFAULT '',
	server_version TEXT NOT NULL DEFAULT '',
	sent TEXT NOT NULL DEFAULT '',
	landed TEXT NOT NULL DEFAULT '',
	attempts INTEGER NOT NULL DEFAULT 0,
	error TEXT NOT NULL DEFAULT '',
	next_try_ms INTEGER NOT NULL DEFAULT 0,
	UNIQUE (server, identifier)
) STRICT;
CREATE INDEX output_patient ON output (patient_id, seq);
CREATE INDEX output_open ON output (patient_id) WHERE state < 2;

CREATE TABLE quarantine (
	id INTEGER PRIMARY KEY,
	server TEXT NOT NULL,
	key TEXT NOT NULL,
	code TEXT NOT NULL,
	text TEXT NOT NULL,
	bytes BLOB NOT NULL,
	at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX quarantine_key ON quarantine (server, key);
