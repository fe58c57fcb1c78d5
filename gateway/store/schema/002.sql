-- SPDX-License-Identifier: Apache-2.0
-- What is set aside knows the search it came from ('' when it did not come
-- from one) and whether somebody asked to try it again: 0 no, 1 asked, 2 the
-- gateway is at it.
ALTER TABLE quarantine ADD COLUMN type TEXT NOT NULL DEFAULT '';
ALTER TABLE quarantine ADD COLUMN retry INTEGER NOT NULL DEFAULT 0;
