-- SPDX-License-Identifier: Apache-2.0
-- via: the other server an output went to, '' for the one it is about.
-- answer: what the server said when it refused.
ALTER TABLE output ADD COLUMN via TEXT NOT NULL DEFAULT '';
ALTER TABLE quarantine ADD COLUMN answer TEXT NOT NULL DEFAULT '';
