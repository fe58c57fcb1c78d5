# SPDX-License-Identifier: Apache-2.0
"""A small patient to write contract checks with."""
import copy
import json

from fhir_cases import day, envelope
from fhir_codes import (DCM, LOINC, NCIT, RXNORM, SCT, SITES, UCUM, concept)

PATIENT = 'Patient/p1'
PEMBROLIZUMAB = concept(RXNORM, '1547545')


def mm(value, unit='mm', **rest):
    return {'value': value, 'unit': unit, 'system': UCUM, 'code': unit, **rest}


def longest(quantity):
    return {'code': concept(LOINC, '33728-7'), 'valueQuantity': quantity}


def other(quantity):
    return {'code': concept(LOINC, '33729-5'), 'valueQuantity': quantity}


class Story:
    """Resources by "Type/id", so that a check can change one of them."""

    def __init__(self, *doses):
        self.resources = {}
        self.add('Patient', 'p1')
        for i, number in enumerate(doses):
            self.dose(number, f'd{i}')

    def add(self, kind, ident, **rest):
        r = {'resourceType': kind, 'id': ident, **rest}
        self.resources[f'{kind}/{ident}'] = r
        return r

    def dose(self, number, ident, what=None, **rest):
        rest = {'status': 'completed', 'effectiveDateTime': day(number),
                'subject': {'reference': PATIENT}, **rest}
        if 'medicationReference' not in rest:
            rest['medicationCodeableConcept'] = what or PEMBROLIZUMAB
        return self.add('MedicationAdministration', ident, **rest)

    def lesion(self, ident, site='left_lung', role=None, **rest):
        if role:
            rest['morphology'] = concept(NCIT, role)
        if site:
            rest['location'] = concept(*SITES[site])
        return self.add('BodyStructure', ident,
                        patient={'reference': PATIENT}, **rest)

    def study(self, ident, number, **rest):
        rest = {'status': 'available', 'started': day(number) + 'T08:00:00Z',
                'modality': [{'system': DCM, 'code': 'CT'}], **rest}
        return self.add('ImagingStudy', ident,
                        subject={'reference': PATIENT}, **rest)

    def observe(self, ident, number, what, **rest):
        """Any Observation; a field set to None is left out."""
        rest = {'status': 'final', 'subject': {'reference': PATIENT},
                'effectiveDateTime': None if number is None else day(number),
                'code': what, **rest}
        return self.add('Observation', ident, **{
            k: v for k, v in rest.items() if v is not None})

    def size(self, ident, number, lesion, quantity, **rest):
        """The mCODE panel about a BodyStructure (None: about none)."""
        if isinstance(quantity, (int, float)):
            quantity = mm(quantity)
        if lesion:
            rest.setdefault('focus', [
                {'reference': 'BodyStructure/' + lesion}])
        rest.setdefault('component', [longest(quantity)])
        return self.observe(ident, number, concept(LOINC, '21889-1'), **rest)

    def state(self, ident, number, lesion, code, system=NCIT, **rest):
        rest = {'focus': [{'reference': 'BodyStructure/' + lesion}],
                'valueCodeableConcept': concept(system, code), **rest}
        return self.observe(ident, number, concept(NCIT, 'C96643'), **rest)

    def says(self, ident, number, code, value, **rest):
        """A statement about a whole visit."""
        if isinstance(value, bool):
            rest['valueBoolean'] = value
        else:
            rest['valueCodeableConcept'] = concept(NCIT, value)
        return self.observe(ident, number, concept(NCIT, code), **rest)

    def copy(self):
        return copy.deepcopy(self)

    def bundle(self, kind='collection'):
        return envelope(list(self.resources.values()), kind, 'relative')

    def files(self, kind='collection'):
        return [json.dumps(self.bundle(kind))]


def simple():
    """One target in the lung, 50 mm, then 40 mm on day 56: stable."""
    s = Story(0, 21, 42)
    s.lesion('l1', role='C94520')
    s.size('b', 0, 'l1', 50)
    s.size('f', 56, 'l1', 40)
    return s


class Case:
    """What the program said of a story."""

    def __init__(self, score, rescan, name, story, config=None, as_of=None,
                 options=()):
        self.score, self.name = score, name
        files = story if isinstance(story, list) else story.files()
        doc = rescan.one(files, *options, config=config, as_of=as_of)
        self.broken = doc if isinstance(doc, str) else None
        self.doc = {} if self.broken else doc
        if not self.broken:
            score.documents.append(doc)

    def check(self, holds, want, got):
        return self.score.check(holds, f'{self.name}:', want, got)

    def is_(self, want, got):
        if isinstance(want, float) and isinstance(got, (int, float)):
            return self.check(abs(want - got) < 0.051, want, got)
        return self.check(want == got, want, got)

    def problems(self):
        return [p['code'] for p in self.doc.get('problems', [])]

    def problem(self, code, source=None):
        """The problem is named, of this resource where one is given."""
        if self.broken:
            return self.check(False, code, self.broken)
        found = [p for p in self.doc['problems'] if p['code'] == code and
                 (source is None or p['source'] == source)]
        return self.check(found, f'problem {code} {source or ""}',
                          self.doc['problems'])

    def no_problem(self, code=None):
        got = self.broken or [p for p in self.doc['problems']
                              if code in (None, p['code'])]
        return self.check(got == [], f'no problem {code or ""}', got)

    def visit(self, n, criterion='recist11'):
        """What a criterion says of the n-th timepoint; {} where it is not."""
        points = self.doc.get('timepoints', [])
        if not -len(points) <= n < len(points):
            return {}
        return points[n]['criteria'].get(criterion, {})

    def overall(self, n, want, criterion='recist11'):
        got = self.broken or self.visit(n, criterion).get('overall')
        return self.check(got == want, f'{criterion} {want} at visit {n}',
                          got)

    def burden(self, n, want, criterion='recist11'):
        got = self.broken or self.visit(n, criterion).get('burden', '(none)')
        same = got == want or (
            isinstance(want, (int, float)) and
            isinstance(got, (int, float)) and abs(want - got) < 0.051)
        return self.check(same, f'{criterion} burden {want} at visit {n}', got)

    def dates(self, *numbers):
        want = [day(n) for n in numbers]
        got = self.broken or [p['date'] for p in self.doc['timepoints']]
        return self.check(got == want, want, got)

    def phases(self, *want):
        got = self.broken or [p['phase'] for p in self.doc['timepoints']]
        return self.check(got == list(want), list(want), got)

    def lesions(self, n):
        got = self.broken or [x['key'] for x in self.doc['lesions']]
        return self.check(len(got) == n and not self.broken,
                          f'{n} lesions', got)

    def lesion(self, key):
        """The lesion of a key, or the only one that ends in it."""
        found = [x for x in self.doc.get('lesions', [])
                 if x['key'] == key or x['key'].endswith(key)]
        return found[0] if len(found) == 1 else {'measurements': []}

    def states(self, key, *want):
        got = [m['state'] for m in self.lesion(key)['measurements']]
        return self.check(got == list(want), f'{key} {list(want)}',
                          self.broken or got)

    def mentions(self, text):
        """It is said somewhere, not swallowed."""
        return self.check(text in json.dumps(self.doc),
                          f'{text} mentioned', self.broken or
                          self.doc.get('problems'))


def unchanged(score, rescan, name, story, like, **rest):
    """One story is judged exactly as another."""
    a = rescan.one(story if isinstance(story, list) else story.files(), **rest)
    b = rescan.one(like if isinstance(like, list) else like.files(), **rest)
    score.check(a == b and not isinstance(a, str), f'{name}:',
                'the same document', difference(a, b))


def difference(a, b, path=''):
    """Where two documents first differ."""
    if isinstance(a, dict) and isinstance(b, dict):
        for k in sorted(set(a) | set(b)):
            if a.get(k) != b.get(k):
                return difference(a.get(k), b.get(k), f'{path}/{k}')
    if isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for i, (x, y) in enumerate(zip(a, b)):
            if x != y:
                return difference(x, y, f'{path}/{i}')
    return f'{path}: {str(a)[:200]} != {str(b)[:200]}'
