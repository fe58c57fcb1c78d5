# SPDX-License-Identifier: Apache-2.0
"""The input contract: states, statements, status, patients, medication."""
import json

from fhir_cases import day
from fhir_codes import ATC, DCM, LOINC, NCIT, RXNORM, SCT, concept
from story import (PATIENT, PEMBROLIZUMAB, Case, Story, longest, mm, simple,
                   unchanged)


# -- states -----------------------------------------------------------------
def state_case(score, rescan, code, system=NCIT, lesion='l1'):
    s = simple()
    del s.resources['Observation/f']
    s.lesion('l2', site='liver', role='C94521')
    s.state('b2', 0, 'l2', 'C25626')
    s.state('f2', 56, 'l2', 'C25626')
    if lesion == 'l1':
        s.state('f', 56, 'l1', code, system)
    else:
        s.size('f', 56, 'l1', 40)
        s.state('f2', 56, 'l2', code, system)
    return Case(score, rescan, f'state {code} of {lesion}', s)


def absent_codes(score, rescan):
    for system, code in ((NCIT, 'C48190'), (SCT, '2667000'),
                         (LOINC, 'LA9634-2')):
        c = state_case(score, rescan, code, system)
        c.states('l1', 'measured', 'absent')
        c.burden(1, 0)
        c.overall(1, 'PR')


def present_codes(score, rescan):
    for system, code in ((NCIT, 'C25626'), (SCT, '52101004'),
                         (LOINC, 'LA9633-4')):
        c = state_case(score, rescan, code, system, 'l2')
        c.states('l2', 'present', 'present')
        c.overall(1, 'SD')


def not_evaluable_code(score, rescan):
    c = state_case(score, rescan, 'C62222')
    c.states('l1', 'measured', 'not_evaluable')
    c.overall(1, 'NE')


def data_absent_reason(score, rescan):
    s = simple()
    s.size('f', 56, 'l1', None, component=[
        {'code': concept(LOINC, '33728-7'), 'dataAbsentReason': concept(
            'http://terminology.hl7.org/CodeSystem/data-absent-reason',
            'not-performed')}])
    c = Case(score, rescan, 'component.dataAbsentReason', s)
    c.states('l1', 'measured', 'not_evaluable')
    c.overall(1, 'NE')
    s.size('f', 56, 'l1', None, component=None, dataAbsentReason=concept(
        'http://terminology.hl7.org/CodeSystem/data-absent-reason', 'error'))
    c = Case(score, rescan, 'dataAbsentReason', s)
    c.states('l1', 'measured', 'not_evaluable')


def unequivocal_code(score, rescan):
    c = state_case(score, rescan, 'C123645', NCIT, 'l2')
    c.states('l2', 'present', 'unequivocal_progression')
    c.overall(1, 'PD')
    c.is_('PD', c.visit(1).get('non_target'))


def increased_codes(score, rescan):
    """Worse, but not unequivocally."""
    for code in ('C25533', 'C73432'):
        c = state_case(score, rescan, code, NCIT, 'l2')
        c.states('l2', 'present', 'increased')
        c.overall(1, 'SD')


def no_worse_codes(score, rescan):
    for code in ('C25640', 'C71687'):
        c = state_case(score, rescan, code, NCIT, 'l2')
        c.states('l2', 'present', 'present')
        c.overall(1, 'SD')


def all_gone(score, rescan):
    s = simple()
    s.lesion('l2', site='liver', role='C94521')
    s.state('b2', 0, 'l2', 'C25626')
    s.state('f', 56, 'l1', 'C48190')
    s.state('f2', 56, 'l2', 'C48190')
    c = Case(score, rescan, 'everything absent', s)
    c.overall(1, 'CR')
    c.overall(1, 'iCR', 'irecist')


def unread_is_not_absent(score, rescan):
    s = simple()
    s.lesion('l2', site='liver', role='C94520')
    s.size('b2', 0, 'l2', 20)
    c = Case(score, rescan, 'a target not read', s)
    c.overall(1, 'NE')
    c.burden(1, None)


def equivocal(score, rescan):
    """A doubtful new lesion is kept, and not counted yet."""
    s = simple()
    s.lesion('l2', site='liver', role='C94522')
    s.state('g', 56, 'l2', 'C86071')
    c = Case(score, rescan, 'equivocal new lesion', s)
    c.overall(1, 'SD')
    c.overall(1, 'iSD', 'irecist')
    c.check(c.lesion('l2')['measurements'], 'kept', c.lesion('l2'))
    c.is_(False, c.visit(1).get('new_lesion'))


def equivocal_then_definite(score, rescan):
    """Progression dates back to the first appearance."""
    s = simple()
    s.lesion('l2', site='liver', role='C94522')
    s.state('g', 56, 'l2', 'C86071')
    s.size('f3', 98, 'l1', 40)
    s.size('g3', 98, 'l2', 14)
    c = Case(score, rescan, 'equivocal, later definite', s)
    c.overall(1, 'PD')


def merged(score, rescan):
    s = simple()
    s.lesion('l2', site='right_lung', role='C94520')
    s.size('b2', 0, 'l2', 20)
    s.size('f', 56, 'l1', 60)
    s.state('f2', 56, 'l2', 'C94525', focus=[
        {'reference': 'BodyStructure/l2'}, {'reference': 'BodyStructure/l1'}])
    c = Case(score, rescan, 'coalesced lesions', s)
    c.burden(1, 60)
    c.overall(1, 'SD')


def fragment_of_fragment(score, rescan):
    s = simple()
    for ident, parent, size in (('a', 'l1', 15), ('b', 'l1', 10)):
        s.lesion(ident, role='C94520')
        s.size('f' + ident, 56, ident, size, focus=[
            {'reference': 'BodyStructure/' + ident},
            {'reference': 'BodyStructure/' + parent}])
    del s.resources['Observation/f']
    for ident, size in (('c', 8), ('d', 4)):
        s.lesion(ident, role='C94520')
        s.size('g' + ident, 98, ident, size, focus=[
            {'reference': 'BodyStructure/' + ident},
            {'reference': 'BodyStructure/a'}])
    s.size('gb', 98, 'b', 9)
    c = Case(score, rescan, 'a fragment splits again', s)
    c.lesions(1)
    c.burden(1, 25)
    c.burden(2, 21)


def node_state(score, rescan):
    """A statement by another code of the group lesion_state."""
    s = simple()
    s.observe('f', 56, concept(NCIT, 'C124448'),
              valueCodeableConcept=concept(NCIT, 'C48190'),
              focus=[{'reference': 'BodyStructure/l1'}])
    Case(score, rescan, 'lymph node state', s).states(
        'l1', 'measured', 'absent')


# -- statements about a visit -----------------------------------------------------
def non_target_said(score, rescan):
    for code, word, overall in (('C4870', 'CR', 'SD'), ('C62222', 'NE', 'SD'),
                                ('C96700', 'NON-CR/NON-PD', 'SD'),
                                ('C35571', 'PD', 'PD')):
        s = simple()
        s.says('n', 56, 'C94535', code)
        c = Case(score, rescan, f'non-target {word}', s)
        c.is_(word, c.visit(1).get('non_target'))
        c.overall(1, overall)


def new_lesion_said(score, rescan):
    s = simple()
    s.says('n', 56, 'C142362', True)
    c = Case(score, rescan, 'new lesion indicator yes', s)
    c.overall(1, 'PD')
    c.is_(True, c.visit(1).get('new_lesion'))
    s.says('n', 56, 'C142362', False)
    c = Case(score, rescan, 'new lesion indicator no', s)
    c.overall(1, 'SD')
    c.check('no_new_lesion_assumed' not in json.dumps(c.doc),
            'nothing assumed', c.visit(1).get('because'))


def yes_as_code(score, rescan):
    for system, code in ((NCIT, 'C49488'), (SCT, '373066001'),
                         (LOINC, 'LA33-6'),
                         ('http://terminology.hl7.org/CodeSystem/v2-0136',
                          'Y')):
        s = simple()
        s.observe('n', 56, concept(NCIT, 'C142362'),
                  valueCodeableConcept=concept(system, code))
        Case(score, rescan, f'yes as {code}', s).overall(1, 'PD')


def readers_overall(score, rescan):
    """Kept beside ours; a difference is shown, never overruled."""
    for name, code in (('overall', concept(NCIT, 'C96613')),
                       ('target', concept(NCIT, 'C94534')),
                       ('LOINC 88040-1', concept(LOINC, '88040-1'))):
        s = simple()
        s.observe('r', 56, code,
                  valueCodeableConcept=concept(NCIT, 'C35571'))
        c = Case(score, rescan, f"reader's {name} PD", s)
        c.overall(1, 'SD')
        c.mentions('Observation/r')


def disease_status(score, rescan):
    s = simple()
    s.observe('r', 56, concept(LOINC, '97509-4'),
              valueCodeableConcept=concept(SCT, '271299001'))
    c = Case(score, rescan, 'mCODE status worsened', s)
    c.overall(1, 'SD')


# -- status of a resource ----------------------------------------------------
def without(key):
    s = simple()
    s.lesion('l2', site='liver')
    del s.resources[key]
    return s


def not_evidence(score, rescan):
    """Judged as if it had not come, and that it came is no secret."""
    for status in ('entered-in-error', 'cancelled', 'unknown'):
        s = simple()
        s.size('x', 56, 'l1', 70, status=status)
        c = Case(score, rescan, f'Observation {status}', s)
        c.burden(1, 40)
        c.overall(1, 'SD')
        s = simple()
        s.size('x', 98, 'l1', 70, status=status)
        Case(score, rescan, f'Observation {status}', s).dates(0, 56)


def study_in_error(score, rescan):
    s = simple()
    s.study('s1', 30, status='entered-in-error')
    Case(score, rescan, 'ImagingStudy entered-in-error', s).dates(0, 56)


def dose_not_given(score, rescan):
    for status in ('not-done', 'entered-in-error', 'unknown'):
        s = simple()
        s.dose(-14, 'x', status=status)
        c = Case(score, rescan, f'dose {status}', s)
        c.is_(day(0), c.doc.get('therapy', {}).get('start'))
        c.is_(3, c.doc['therapy']['agents'][0]['doses'])


def dose_given(score, rescan):
    for status in ('completed', 'in-progress', 'stopped'):
        s = simple()
        s.dose(63, 'x', status=status)
        c = Case(score, rescan, f'dose {status}', s)
        c.is_(4, c.doc['therapy']['agents'][0]['doses'])


def preliminary(score, rescan):
    s = simple()
    s.resources['Observation/f']['status'] = 'preliminary'
    c = Case(score, rescan, 'preliminary', s)
    c.overall(1, 'SD')
    c.mentions('reliminary')


def amended(score, rescan):
    """The later version replaces the earlier, whatever the order."""
    for status in ('amended', 'corrected'):
        for order in (1, -1):
            s = simple()
            old = s.resources['Observation/f']
            old['meta'] = {'versionId': '1',
                           'lastUpdated': '2024-03-01T10:00:00Z'}
            s.size('f', 56, 'l1', 30, status=status, meta={
                'versionId': '2', 'lastUpdated': '2024-03-02T10:00:00Z'})
            s.resources['old'] = old
            bundle = s.bundle()
            bundle['entry'] = bundle['entry'][::order]
            c = Case(score, rescan, f'{status}, order {order}',
                     [json.dumps(bundle)])
            c.burden(1, 30)
            c.is_(2, len(c.lesion('l1')['measurements']))


def deleted(score, rescan):
    """A Bundle entry DELETE withdraws what the resource said."""
    for order in (1, -1):
        s = simple()
        s.size('x', 98, 'l1', 70)
        s.resources['Observation/x']['meta'] = {'versionId': '1'}
        bundle = s.bundle('history')
        for e in bundle['entry']:
            r = e['resource']
            e['request'] = {'method': 'PUT',
                            'url': f"{r['resourceType']}/{r['id']}"}
        bundle['entry'].append({
            'fullUrl': 'https://ehr.example.org/fhir/Observation/x',
            'request': {'method': 'DELETE', 'url': 'Observation/x'},
            'response': {'status': '204',
                         'lastModified': '2024-06-01T00:00:00Z'}})
        bundle['entry'] = bundle['entry'][::order]
        c = Case(score, rescan, f'DELETE, order {order}',
                 [json.dumps(bundle)])
        c.dates(0, 56)
        c.overall(1, 'SD')


# -- who -----------------------------------------------------------------------
def merged_patient(score, rescan):
    for kind, owner, goal in (('replaced-by', 'p0', 'p1'),
                              ('replaces', 'p1', 'p0')):
        s = simple()
        s.add('Patient', 'p0')
        s.resources['Patient/' + owner]['link'] = [
            {'type': kind, 'other': {'reference': 'Patient/' + goal}}]
        s.resources['Observation/b']['subject'] = {'reference': 'Patient/p0'}
        c = Case(score, rescan, f'Patient.link {kind}', s)
        c.is_(PATIENT, c.doc.get('patient'))
        c.dates(0, 56)
        c.overall(1, 'SD')


def other_patients(score, rescan):
    s = simple()
    s.add('Patient', 'p2')
    s.size('x', 56, None, 70, subject={'reference': 'Patient/p2'})
    both = rescan.all(s.files())
    got = both if isinstance(both, str) else [d['patient'] for d in both]
    score.check(got == [PATIENT, 'Patient/p2'], 'two patients:',
                [PATIENT, 'Patient/p2'], got)


# -- medication --------------------------------------------------------------------
def medication_references(score, rescan):
    code = concept(ATC, 'L01FF01')
    for name, ref in (('relative', 'Medication/m1'),
                      ('versioned', 'Medication/m1/_history/3'),
                      ('absolute', 'https://ehr.example.org/fhir/'
                       'Medication/m1'), ('contained', '#m1')):
        s = Story()
        med = {'resourceType': 'Medication', 'id': 'm1', 'code': code}
        rest = {'contained': [med]} if name == 'contained' else {}
        if name != 'contained':
            s.add('Medication', 'm1', code=code)
        s.dose(0, 'd', medicationReference={'reference': ref}, **rest)
        s.lesion('l1')
        s.size('b', 0, 'l1', 50)
        c = Case(score, rescan, f'{name} Medication', s)
        c.is_(['nivolumab'], [a['name'] for a in
                              c.doc.get('therapy', {}).get('agents', [])])


def medication_missing(score, rescan):
    s = simple()
    s.dose(63, 'x', medicationReference={'reference': 'Medication/none'})
    c = Case(score, rescan, 'Medication not in the data', s)
    c.check([p for p in c.doc.get('problems', [])
             if p['source'] == 'MedicationAdministration/x'],
            'a problem of MedicationAdministration/x', c.doc.get('problems'))


def classes(score, rescan):
    for what, name, ici_class in (
            (concept(ATC, 'L01FY02'), None, 'PD-1/LAG-3'),
            (concept(RXNORM, '1094833'), 'ipilimumab', 'CTLA-4'),
            (concept(ATC, 'L01XC11'), 'ipilimumab', 'CTLA-4'),
            (concept(ATC, 'L01FX20'), 'tremelimumab', 'CTLA-4'),
            (concept(RXNORM, '1792776'), 'atezolizumab', 'PD-L1'),
            (concept(ATC, 'L01FF13'), 'toripalimab', 'PD-1'),
            (concept(RXNORM, '1547553'), 'pembrolizumab', 'PD-1'),
            (concept(ATC, 'L01FF15'), 'envafolimab', 'PD-L1')):
        s = Story()
        s.dose(0, 'd', what)
        s.lesion('l1')
        s.size('b', 0, 'l1', 50)
        c = Case(score, rescan, f'drug {what}', s)
        agents = c.doc.get('therapy', {}).get('agents', [])
        c.is_([ici_class], [a['class'] for a in agents])
        if name:
            c.is_([name], [a['name'] for a in agents])


def words_only(score, rescan):
    """By codes; what is said in words only is a named problem."""
    for text in ('Keytruda 100 mg/4 mL', 'OPDUALAG', 'penpulimab inj.'):
        s = simple()
        s.dose(-14, 'x', {'text': text})
        c = Case(score, rescan, f'drug in words: {text}', s)
        c.is_(day(0), c.doc.get('therapy', {}).get('start'))
        c.problem('medication_uncoded', 'MedicationAdministration/x')


def no_inhibitor(score, rescan):
    for what in (concept(ATC, 'L01CD01'), concept(ATC, 'L01FX05'),
                 concept(RXNORM, '8640'), {'text': 'paclitaxel'}):
        s = simple()
        s.dose(-30, 'x', what)
        c = Case(score, rescan, f'no inhibitor {what}', s)
        c.is_(day(0), c.doc.get('therapy', {}).get('start'))
        c.is_(1, len(c.doc['therapy']['agents']))


def agents(score, rescan):
    s = simple()
    s.dose(0, 'i1', concept(ATC, 'L01FX04'))
    s.dose(21, 'i2', concept(RXNORM, '1094837'))
    c = Case(score, rescan, 'two agents', s)
    got = {a['name']: (a['first'], a['last'], a['doses'], sorted(a['sources']))
           for a in c.doc.get('therapy', {}).get('agents', [])}
    c.is_({'pembrolizumab': (day(0), day(42), 3, [
        f'MedicationAdministration/d{i}' for i in range(3)]),
        'ipilimumab': (day(0), day(21), 2, [
            f'MedicationAdministration/i{i}' for i in (1, 2)])}, got)


def effective_period(score, rescan):
    s = simple()
    s.dose(63, 'x', effectiveDateTime=None, effectivePeriod={
        'start': day(63) + 'T09:00:00+01:00',
        'end': day(63) + 'T10:00:00+01:00'})
    s.resources['MedicationAdministration/x'].pop('effectiveDateTime')
    c = Case(score, rescan, 'effectivePeriod', s)
    c.is_(day(63), c.doc['therapy']['agents'][0]['last'])


def wrong_system(score, rescan):
    """A code counts only with its system."""
    s = simple()
    s.dose(-30, 'x', {'coding': [
        {'system': 'http://site.example/drugs', 'code': '1547545'}]})
    c = Case(score, rescan, 'code of another system', s)
    c.is_(day(0), c.doc.get('therapy', {}).get('start'))
