# SPDX-License-Identifier: Apache-2.0
"""Counting what held and what did not; the schema as a judge."""
import json

import jsonschema

SCHEMA = 'tests/contract/assessment.schema.json'


class Score:
    def __init__(self, verbose=False):
        self.passed = self.failed = 0
        self.skipped = []
        self.documents = []
        self.verbose = verbose

    def check(self, holds, where, want=None, got=None):
        """Count; say what was expected and what came where it does not."""
        if holds:
            self.passed += 1
        else:
            self.failed += 1
            print(f'{where} expected {want!r}, got {got!r}'[:1200])
        return bool(holds)

    def skip(self, where, why):
        self.skipped.append(f'{where} {why}')

    def end(self):
        if self.verbose:
            for line in self.skipped:
                print('skipped', line)
        print(f'{self.passed} passed, {self.failed} failed, '
              f'{len(self.skipped)} skipped')
        return 1 if self.failed or not self.passed else 0


def validator():
    """A function that holds documents against the published schema."""
    with open(SCHEMA, encoding='utf-8') as file:
        schema = json.load(file)
    judge = jsonschema.Draft202012Validator(schema)

    def check(score, where, documents):
        wrong = [f"{'/'.join(map(str, e.path))}: {e.message}"[:200]
                 for d in documents for e in judge.iter_errors(d)]
        score.check(documents and not wrong, where, 'valid', wrong[:3])
    return check


def flat_because(part):
    """The rule ids of every explanation within a part of a document."""
    if isinstance(part, dict):
        rules = [part['rule']] if 'rule' in part and 'sources' in part else []
        return sum((flat_because(v) for v in part.values()), rules)
    if isinstance(part, list):
        return sum((flat_because(v) for v in part), [])
    return []
