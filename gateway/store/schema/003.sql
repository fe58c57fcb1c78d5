-- SPDX-License-Identifier: Apache-2.0
-- What reading remembers: sweeps, and texts of the modes' own.
-- missed: sweeps in a row that did not find it.
ALTER TABLE resource ADD COLUMN missed INTEGER NOT NULL DEFAULT 0;
-- swept_ms: when its ids were last compared; 0: not yet known.
ALTER TABLE patient ADD COLUMN swept_ms INTEGER NOT NULL DEFAULT 0;
CREATE INDEX patient_swept ON patient (server, swept_ms);

CREATE TABLE memory (
	server TEXT NOT NULL,
	key TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (server, key)
) STRICT, WITHOUT ROWID;
