#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Worked examples of the response criteria as FHIR R4, in several dialects.

Every `series` and `series_spd` case of tests/cases/criteria_examples.json
and of cases.json beside this file becomes resources as the input contract says, and every dialect says the same
in other words: other codes, units, references, Bundle types and orders.

    fhir_cases.py --list
    fhir_cases.py --case IR-06 --dialect axes [--seed 7]
"""
import argparse
import datetime
import json
import random
import sys
import uuid

from fhir_codes import (ATC, DCM, LOINC, NCIT, PLACES, RXNORM, SCT, SITES, UCUM,
                        UMLS, concept)

EXAMPLES = ('tests/cases/criteria_examples.json',
            'tests/blackbox/cases.json')
BASE_DATE = datetime.date(2024, 1, 2)
SERVER = 'https://ehr.example.org/fhir'
DOSE_EVERY = 21


class Inexpressible(Exception):
    """The dialect has no way to say what the case needs."""


class Dialect:
    """How one sender says things; see DIALECTS."""
    bundle = 'collection'       # or transaction, searchset, ndjson, files
    references = 'relative'     # or absolute, urn, versioned
    identity = 'identifier'     # or structure, uid, uid_structure, site
    unit = 'mm'
    layout = 'panel'            # or axes
    study = 'none'              # or date, derivedFrom, partOf
    role = 'morphology'         # or component, interpretation, unstated
    absent = NCIT, 'C48190'     # or None: a measurement of 0
    absent_as = 'statement'     # or component, interpretation
    non_target = 'statement'    # or both, lesion
    no_new_lesion = False       # say "no" with NCIt C142362
    symptom = 'observation'     # or reason
    first_dose = 0
    drug = RXNORM, '1547545'
    medication = 'concept'      # or contained, reference
    time = '{}T09:30:00+01:00'
    late_reading = 0            # days from the scan to the reading

    def __init__(self, name, **words):
        self.name = name
        for key, value in words.items():
            getattr(self, key)
            setattr(self, key, value)

    def has_structure(self):
        return self.identity in ('identifier', 'structure', 'uid_structure')


DIALECTS = {d.name: d for d in (
    Dialect('mcode', study='date'),
    Dialect('axes', bundle='searchset', references='absolute', unit='cm',
            layout='axes', study='derivedFrom', role='component',
            absent=None, non_target='both', no_new_lesion=True, first_dose=1,
            drug=(ATC, 'L01FF02'), identity='structure', late_reading=1,
            symptom='reason'),
    Dialect('dicom', bundle='ndjson', layout='mixed', study='partOf',
            role='interpretation', absent=(SCT, '2667000'), identity='uid',
            drug=(ATC, 'L01XC18'), medication='contained', first_dose=1,
            time='{}T23:30:00-10:00'),
    Dialect('transaction', bundle='transaction', references='urn',
            identity='uid_structure', role='unstated',
            absent=(LOINC, 'LA9634-2'), absent_as='component',
            medication='reference', drug=(SCT, '716125002'),
            time='{}'),
    Dialect('sites', bundle='files', identity='site', role='unstated',
            study='derivedFrom', absent=(NCIT, 'C48190'),
            absent_as='interpretation', unit='cm', symptom='reason',
            time='{}T00:15:00+13:00', drug=(RXNORM, '1547547')),
    Dialect('lesions', bundle='batch', references='versioned',
            study='partOf', role='component', absent=None,
            non_target='lesion', identity='identifier', first_dose=1,
            medication='reference', time='{}T12:00:00Z'),
)}


def load_cases(kinds=('series', 'series_spd')):
    """The expressible cases of the example files."""
    cases = []
    for path in EXAMPLES:
        with open(path, encoding='utf-8') as file:
            cases += json.load(file)['cases']
    return [c for c in cases if c['kind'] in kinds]


def day(number):
    return (BASE_DATE + datetime.timedelta(days=number)).isoformat()


class Builder:
    """The resources of one case in one dialect."""

    def __init__(self, case, dialect):
        self.case = case
        self.say = dialect
        self.prefix = case['id'].lower() + '-'
        self.patient = self.prefix + 'pat'
        self.resources = []
        self.structures = set()
        self.count = 0
        self.progressed = False

    # -- references and plumbing -----------------------------------------
    def ref(self, kind, ident):
        way = self.say.references
        if way == 'absolute':
            return {'reference': f'{SERVER}/{kind}/{ident}'}
        if way == 'urn':
            return {'reference': 'urn:uuid:' + urn(kind, ident)}
        if way == 'versioned' and kind != 'Patient':
            return {'reference': f'{kind}/{ident}/_history/1'}
        return {'reference': f'{kind}/{ident}'}

    def add(self, kind, ident, **rest):
        resource = {'resourceType': kind, 'id': ident,
                    'meta': {'versionId': '1'}}
        resource.update(rest)
        self.resources.append(resource)
        return resource

    def when(self, number):
        return self.say.time.format(day(number))

    # -- lesions ----------------------------------------------------------
    def structure(self, lesion):
        """The BodyStructure of a lesion, made once."""
        ident = self.prefix + 'bs-' + lesion['id'].lower()
        if lesion['id'] in self.structures:
            return ident
        self.structures.add(lesion['id'])
        rest = {'patient': self.ref('Patient', self.patient),
                'location': concept(*SITES[lesion['site']])}
        if self.say.identity == 'identifier':
            rest['identifier'] = [{'system': 'http://site.example/lesion',
                                   'value': 'Tumor ' + lesion['id']}]
        elif self.say.identity == 'uid_structure':
            rest['identifier'] = [{
                'type': concept(DCM, '112040'), 'system': 'urn:dicom:uid',
                'value': 'urn:oid:' + self.uid(lesion)}]
        if self.say.role == 'morphology' and lesion.get('role'):
            rest['morphology'] = concept(NCIT, lesion['role'])
        self.add('BodyStructure', ident, **rest)
        return ident

    def uid(self, lesion):
        number = sum(ord(c) * 31 ** i for i, c in enumerate(lesion['id']))
        return f'1.2.826.0.1.99.{number}'

    def identify(self, observation, lesion):
        """Say which lesion an Observation is about."""
        if self.say.has_structure():
            observation['focus'] = [
                self.ref('BodyStructure', self.structure(lesion))]
            if lesion.get('parent'):
                observation['focus'].append(self.ref(
                    'BodyStructure', self.structure(lesion['parent'])))
            return
        if lesion.get('parent'):
            raise Inexpressible('the other lesion is named by BodyStructure')
        observation['bodySite'] = concept(*SITES[lesion['site']])
        if self.say.identity == 'uid':
            observation.setdefault('component', []).append({
                'code': concept(DCM, '112040'),
                'valueString': self.uid(lesion)})

    def observation(self, number, what, **rest):
        """An Observation of the visit on a day."""
        self.count += 1
        o = self.add('Observation', f'{self.prefix}o{self.count}',
                     status='final', code=what,
                     subject=self.ref('Patient', self.patient),
                     effectiveDateTime=self.when(
                         number + self.say.late_reading), **rest)
        if self.say.study in ('derivedFrom', 'partOf'):
            o[self.say.study] = [self.ref('ImagingStudy', self.study(number))]
        return o

    def study(self, number):
        return f'{self.prefix}st{number}'

    def lesion_observation(self, number, lesion, what, **rest):
        o = self.observation(number, what, **rest)
        self.identify(o, lesion)
        role = lesion.get('role')
        if role and self.say.role == 'component':
            o.setdefault('component', []).append({
                'code': {'text': 'lesion role'},
                'valueCodeableConcept': concept(NCIT, role)})
        elif role and self.say.role == 'interpretation':
            dcm = {'C94520': '112074', 'C94521': '112075'}.get(role)
            o.setdefault('interpretation', []).append(
                concept(DCM, dcm) if dcm else concept(NCIT, role))
        return o

    def quantity(self, mm):
        value = round(mm / 10, 4) if self.say.unit == 'cm' else mm
        return {'value': value, 'unit': self.say.unit, 'system': UCUM,
                'code': self.say.unit}

    def measure(self, number, lesion, longest, short=None):
        """A measurement; `short` is also the node's axis that counts."""
        axes = [('longest', longest)] if longest is not None else []
        axes += [('short', short)] if short is not None else []
        if self.say.layout == 'axes':
            return [self.lesion_observation(
                number, lesion, concept(*AXIS_CODES['axes'][axis]),
                valueQuantity=self.quantity(mm)) for axis, mm in axes][0]
        code = concept(LOINC, '21889-1') if self.say.layout == 'panel' \
            else concept(SCT, '439984002')
        table = AXIS_CODES[self.say.layout]
        return self.lesion_observation(number, lesion, code, component=[
            {'code': concept(*table[axis]), 'valueQuantity': self.quantity(mm)}
            for axis, mm in axes])

    def state(self, number, lesion, code, system=NCIT):
        return self.lesion_observation(
            number, lesion, concept(NCIT, 'C96643'),
            valueCodeableConcept=concept(system, code))

    def gone(self, number, lesion, pair):
        """Absent, as this dialect says it."""
        if self.say.absent is None:
            self.measure(number, lesion, 0, 0 if pair else None)
            return
        value = concept(*self.say.absent)
        if self.say.absent_as == 'statement':
            self.state(number, lesion, self.say.absent[1], self.say.absent[0])
        elif self.say.absent_as == 'component':
            o = self.lesion_observation(number, lesion,
                                        concept(LOINC, '21889-1'))
            o.setdefault('component', []).append({
                'code': concept(NCIT, 'C96643'),
                'valueCodeableConcept': value})
        else:
            o = self.lesion_observation(number, lesion,
                                        concept(NCIT, 'C96643'))
            o.setdefault('interpretation', []).append(value)

    # -- the case ---------------------------------------------------------
    def build(self):
        self.add('Patient', self.patient,
                 identifier=[{'system': 'http://site.example/mrn',
                              'value': self.case['id']}],
                 birthDate='1960-05-01', gender='female')
        visits = [v for v in self.case['timepoints'] if not v.get('not_done')]
        self.doses(max(v['day'] for v in self.case['timepoints']))
        self.lesions = {}
        spd = self.case['kind'] == 'series_spd'
        targets = self.case['baseline']['index' if spd else 'targets']
        for t in targets:
            self.lesions[t['id']] = {'id': t['id'], 'role': 'C94520',
                                     'node': t.get('node', False),
                                     'site': 'node' if t.get('node')
                                     else PLACES.get(t['id'], 'left_lung')}
        self.visit(0, {t['id']: t['mm'] for t in targets}, {})
        self.has_non_target = any('nontarget' in v or
                                  v.get('nonindex') == 'stable'
                                  for v in visits)
        if self.has_non_target and (not targets or
                                    self.say.non_target != 'statement'):
            self.state(0, self.non_target(), 'C25626')
        for v in visits:
            self.visit(v['day'], v['index' if spd else 'targets'], v)
        return self.resources

    def non_target(self):
        return {'id': 'X1', 'role': 'C94521', 'site': 'pleura'}

    def doses(self, last):
        system, code = self.say.drug
        what = {'medicationCodeableConcept': concept(system, code)}
        contained = {}
        if self.say.medication == 'contained':
            what = {'medicationReference': {'reference': '#med'}}
            contained = {'contained': [{
                'resourceType': 'Medication', 'id': 'med',
                'ingredient': [{
                    'itemCodeableConcept': concept(system, code)}]}]}
        elif self.say.medication == 'reference':
            ident = self.prefix + 'med'
            self.add('Medication', ident, code=concept(system, code))
            what = {'medicationReference': self.ref('Medication', ident)}
        for i, d in enumerate(range(self.say.first_dose, last + 1,
                                    DOSE_EVERY)):
            self.add('MedicationAdministration', f'{self.prefix}ma{i}',
                     status='completed',
                     subject=self.ref('Patient', self.patient),
                     effectiveDateTime=day(d), **what, **contained)

    def visit(self, number, targets, facts):
        if self.say.study != 'none':
            study = self.add('ImagingStudy', self.study(number),
                             status='available',
                             subject=self.ref('Patient', self.patient),
                             started=self.when(number),
                             modality=[concept(DCM, 'CT')['coding'][0]])
            if facts.get('new_symptom') and self.say.symptom == 'reason':
                study['reasonCode'] = [concept(UMLS, 'C1699701')]
        for name, value in targets.items():
            self.target(number, self.lesions[name], value)
        for new in facts.get('new_lesions', []):
            self.new_lesion(number, new)
        self.statements(number, facts)

    def target(self, number, lesion, value):
        if isinstance(value, list):
            if value == [0, 0]:
                self.gone(number, lesion, True)
            else:
                self.measure(number, lesion, *value)
        elif value == 'TSTM':
            self.too_small(number, lesion)
        elif isinstance(value, dict) and 'merged_into' in value:
            self.state(number, {**lesion, 'parent': self.lesions[
                value['merged_into']]}, 'C94525')
        elif isinstance(value, dict):
            for i, mm in enumerate(value['fragments']):
                self.fragment(number, {
                    'id': f"{lesion['id']}-{i + 1}", 'site': lesion['site'],
                    'role': lesion['role'], 'parent': lesion}, mm)
        elif value == 0:
            self.gone(number, lesion, False)
        elif lesion['node']:
            self.measure(number, lesion, value + 6, value)
        else:
            self.measure(number, lesion, value)

    def fragment(self, number, part, mm):
        if mm == 0:
            self.gone(number, part, False)
        else:
            self.measure(number, part, mm)

    def too_small(self, number, lesion):
        """Below 5 mm, by the axis that counts."""
        quantity = {**self.quantity(5), 'comparator': '<'}
        axis = 'short' if lesion['node'] else 'longest'
        table = AXIS_CODES['axes' if self.say.layout == 'axes' else 'mixed']
        self.lesion_observation(number, lesion, concept(*table[axis]),
                                valueQuantity=quantity)

    def doubt(self, number, lesion, mm):
        """An equivocal lesion and its size."""
        if self.say.absent_as == 'statement':
            self.state(number, lesion, 'C86071')
            self.measure(number, lesion, mm)
            return
        o = self.measure(number, lesion, mm)
        o.setdefault('interpretation', []).append(concept(NCIT, 'C86071'))

    def new_lesion(self, number, new):
        kind = new.get('kind')
        role = {'NLT': 'C139127', 'NLNT': 'C139126', None: 'C94522'}[kind]
        lesion = {'id': new['id'], 'role': role, 'site': PLACES[new['id']]}
        if kind == 'NLNT':
            self.state(number, lesion, CHANGES[new['change']])
        elif new.get('definite') is False:
            self.doubt(number, lesion, new['mm'])
        elif new['mm'] == 0:
            self.gone(number, lesion, False)
        elif isinstance(new['mm'], list):
            self.measure(number, lesion, *new['mm'])
        else:
            self.measure(number, lesion, new['mm'])

    def statements(self, number, facts):
        """What the reader says about the visit as a whole."""
        status = facts.get('nontarget')
        if facts.get('nonindex') == 'stable':
            status = 'NON_CR_NON_PD'
        if status and self.say.non_target != 'lesion':
            self.whole(number, 'C94535', {
                'CR': 'C4870', 'NON_CR_NON_PD': 'C96700',
                'PD': 'C35571', 'NE': 'C62222'}[status])
        if status and self.say.non_target != 'statement':
            self.state(number, self.non_target(), {
                'CR': 'C48190', 'PD': 'C123645', 'NE': 'C62222',
                # progressed is progressed until it is said to be less
                'NON_CR_NON_PD': 'C25640' if self.progressed else 'C25626',
            }[status])
        self.progressed = self.progressed or status == 'PD'
        if 'nt_change' in facts:
            self.yes_no(number, concept(NCIT, 'C142364'),
                        facts['nt_change'] == 'INCLA')
        if facts.get('new_symptom') and self.say.symptom == 'observation':
            self.yes_no(number, concept(UMLS, 'C1699701'), True)
        seen = any(v['day'] <= number and v.get('new_lesions')
                   for v in self.case['timepoints'])
        if self.say.no_new_lesion and not seen and number > 0:
            self.yes_no(number, concept(NCIT, 'C142362'), False)

    def whole(self, number, code, value):
        self.observation(number, concept(NCIT, code),
                         valueCodeableConcept=concept(NCIT, value))

    def yes_no(self, number, what, yes):
        self.observation(number, what, valueBoolean=yes)


CHANGES = {'new': 'C25626', 'stable': 'C71687', 'increased': 'C25533',
           'decreased': 'C25640', 'unequivocal_increase': 'C123645'}
AXIS_CODES = {
    'panel': {'longest': (LOINC, '33728-7'), 'short': (LOINC, '33729-5')},
    'axes': {'longest': (NCIT, 'C96684'), 'short': (SCT, '103340004')},
    'mixed': {'longest': (SCT, '103339001'), 'short': (SCT, '103340004')},
}


def urn(kind, ident):
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f'{SERVER}/{kind}/{ident}'))


def envelope(resources, kind, references):
    """A Bundle of the kind asked for around the resources."""
    entries = []
    for r in resources:
        name = f"{r['resourceType']}/{r['id']}"
        entry = {'fullUrl': f'{SERVER}/{name}', 'resource': r}
        if references == 'urn':
            entry['fullUrl'] = 'urn:uuid:' + urn(r['resourceType'], r['id'])
        if kind == 'searchset':
            entry['search'] = {'mode': 'match'}
        if kind in ('transaction', 'batch'):
            entry['request'] = {'method': 'PUT', 'url': name}
        entries.append(entry)
    return {'resourceType': 'Bundle', 'type': kind, 'entry': entries}


def documents(resources, dialect, seed=1):
    """The texts of the files a sender of this dialect hands over."""
    resources = list(resources)
    random.Random(seed).shuffle(resources)
    if dialect.bundle == 'ndjson':
        return ['\n'.join(json.dumps(r) for r in resources) + '\n']
    if dialect.bundle == 'files':
        half = len(resources) // 2
        return [json.dumps(envelope(part, 'searchset', dialect.references))
                for part in (resources[:half], resources[half:])]
    return [json.dumps(envelope(resources, dialect.bundle,
                                dialect.references))]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--list', action='store_true')
    parser.add_argument('--case')
    parser.add_argument('--dialect', choices=DIALECTS, default='mcode')
    parser.add_argument('--seed', type=int, default=1)
    args = parser.parse_args()
    cases = {c['id']: c for c in load_cases()}
    if args.list or args.case not in cases:
        print('cases:', *cases)
        print('dialects:', *DIALECTS)
        return 0 if args.list else 2
    dialect = DIALECTS[args.dialect]
    resources = Builder(cases[args.case], dialect).build()
    for text in documents(resources, dialect, args.seed):
        sys.stdout.write(text + '\n')
    return 0


if __name__ == '__main__':
    sys.exit(main())
