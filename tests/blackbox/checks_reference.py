# SPDX-License-Identifier: Apache-2.0
"""Ways R4 lets a sender point at things, date them and leave things out."""
import json

from fhir_cases import day
from fhir_codes import DCM, LOINC, NCIT, SCT, SITES, concept
from story import (PATIENT, Case, Story, longest, mm, other, simple,
                   unchanged)

SERVER = 'https://ehr.example.org/fhir/'


def focus_by_identifier(score, rescan):
    """A logical reference: only the identifier of the BodyStructure."""
    ident = {'system': 'http://site/l', 'value': 'A'}
    s = simple()
    s.lesion('l1', role='C94520', identifier=[ident])
    s.size('f', 56, 'l1', 40, focus=[{'type': 'BodyStructure',
                                      'identifier': ident}])
    c = Case(score, rescan, 'focus by identifier', s)
    c.lesions(1)
    c.burden(1, 40)


def focus_contained(score, rescan):
    """Contained BodyStructures of one identifier are one lesion."""
    s = Story(0)
    for o, d, size in (('b', 0, 50), ('f', 56, 40)):
        s.size(o, d, None, size, focus=[{'reference': '#bs'}], contained=[{
            'resourceType': 'BodyStructure', 'id': 'bs',
            'identifier': [{'system': 'http://site/l', 'value': 'A'}],
            'location': concept(*SITES['liver']),
            'patient': {'reference': PATIENT}}])
    c = Case(score, rescan, 'contained BodyStructure', s)
    c.lesions(1)
    c.burden(1, 40)


def focus_not_in_the_data(score, rescan):
    s = simple()
    del s.resources['BodyStructure/l1']
    c = Case(score, rescan, 'BodyStructure not in the data', s)
    c.lesions(1)
    c.overall(1, 'SD')


def focus_absolute_and_versioned(score, rescan):
    for text in (SERVER + 'BodyStructure/l1',
                 SERVER + 'BodyStructure/l1/_history/2',
                 'BodyStructure/l1/_history/7'):
        s = simple()
        s.resources['Observation/f']['focus'] = [{'reference': text}]
        c = Case(score, rescan, f'focus {text}', s)
        c.lesions(1)
        c.burden(1, 40)


def focus_other_types(score, rescan):
    """A focus on something else does not hide the BodyStructure."""
    s = simple()
    s.resources['Observation/f']['focus'].insert(
        0, {'reference': 'Condition/c1'})
    c = Case(score, rescan, 'focus on a Condition first', s)
    c.lesions(1)
    c.burden(1, 40)


def study_by_identifier(score, rescan):
    """Identifier-only, by the DICOM study UID, with and without urn:oid:."""
    for text in ('1.2.840.77', 'urn:oid:1.2.840.77'):
        s = simple()
        s.study('s1', 50, identifier=[{'system': 'urn:dicom:uid',
                                       'value': 'urn:oid:1.2.840.77'}])
        s.size('f', 56, 'l1', 40, derivedFrom=[{
            'type': 'ImagingStudy',
            'identifier': {'system': 'urn:dicom:uid', 'value': text}}])
        Case(score, rescan, f'study by identifier {text}', s).dates(0, 50)


def study_not_in_the_data(score, rescan):
    """Then the Observation's own date stands."""
    s = simple()
    for o, d in (('f', 56), ('g', 56)):
        s.size(o, d, 'l1' if o == 'f' else 'l2', 40, derivedFrom=[
            {'reference': 'ImagingStudy/gone'}])
    s.lesion('l2', site='liver', role='C94520')
    s.size('b2', 0, 'l2', 40)
    c = Case(score, rescan, 'study not in the data', s)
    c.dates(0, 56)
    c.burden(1, 80)


def uid_spellings(score, rescan):
    """The same UID with and without urn:oid: is the same lesion."""
    s = Story(0)
    for o, d, size, uid in (('b', 0, 50, 'urn:oid:1.2.826.7'),
                            ('f', 56, 40, '1.2.826.7')):
        s.size(o, d, None, size, component=[
            longest(mm(size)),
            {'code': concept(DCM, '112040'), 'valueString': uid}])
    c = Case(score, rescan, 'urn:oid: of a UID', s)
    c.lesions(1)
    c.burden(1, 40)


def effective_ways(score, rescan):
    for name, rest in (
            ('Period', {'effectivePeriod': {
                'start': day(56) + 'T08:00:00Z',
                'end': day(56) + 'T09:00:00Z'}}),
            ('Instant', {'effectiveInstant': day(56) + 'T08:00:00.123Z'})):
        s = simple()
        s.size('f', 56, 'l1', 40, effectiveDateTime=None, **rest)
        Case(score, rescan, 'effective' + name, s).dates(0, 56)


def bad_date(score, rescan):
    for text in ('2024-02-30', '27.02.2024', '2024-02-27T25:00:00Z'):
        s = simple()
        s.size('x', 56, 'l1', 30, effectiveDateTime=text)
        c = Case(score, rescan, f'date {text}', s)
        c.check([p for p in c.doc.get('problems', [])
                 if p['source'] == 'Observation/x'],
                'a problem of Observation/x', c.doc.get('problems'))


def number_spellings(score, rescan):
    """A FHIR decimal in any spelling JSON allows."""
    for text in ('4.0e1', '40.00', '0.4E2', '40'):
        raw = simple().files()[0].replace('"value": 40', '"value": ' + text)
        Case(score, rescan, f'number {text}', [raw]).burden(1, 40)


def number_as_text(score, rescan):
    s = simple()
    s.resources['Observation/f']['component'][0]['valueQuantity'][
        'value'] = '40'
    c = Case(score, rescan, 'number as text', s)
    c.check(c.broken or c.problems(), 'refused or a problem', c.doc)


def no_patient_resource(score, rescan):
    s = simple()
    del s.resources['Patient/p1']
    c = Case(score, rescan, 'Patient not in the data', s)
    c.is_(PATIENT, c.doc.get('patient'))
    c.overall(1, 'SD')


def no_subject(score, rescan):
    """Whose it is nobody says: used for no one."""
    s = simple()
    s.size('x', 98, 'l1', 80)
    del s.resources['Observation/x']['subject']
    status, out, err = rescan.run(s.files())
    dates = [p['date'] for d in json.loads(out) for p in d['timepoints']]
    score.check(day(98) not in dates and status == 3 and
                'Observation/x' in out + err, 'no subject:',
                'named, not used', (status, dates, err))


def subject_absolute(score, rescan):
    s = simple()
    s.resources['Observation/f']['subject'] = {
        'reference': SERVER + PATIENT, 'type': 'Patient'}
    c = Case(score, rescan, 'absolute subject', s)
    c.is_(PATIENT, c.doc.get('patient'))
    c.dates(0, 56)


def several_codings(score, rescan):
    """Local code first, the known one second."""
    s = simple()
    s.resources['Observation/f']['code']['coding'].insert(
        0, {'system': 'http://site.example/obs', 'code': 'TUMSZ'})
    s.resources['MedicationAdministration/d0'][
        'medicationCodeableConcept'] = {'coding': [
            {'system': 'http://site.example/drug', 'code': 'X'},
            {'system': 'http://www.whocc.no/atc', 'code': 'L01FF02'}]}
    c = Case(score, rescan, 'a local code beside the known one', s)
    c.burden(1, 40)
    c.is_(day(0), c.doc.get('therapy', {}).get('start'))


def site_map(score, rescan):
    """A site adds its own codes by adding a ConceptMap file."""
    rescan.folder_write('site', 'lesion-role.json', json.dumps({
        'resourceType': 'ConceptMap', 'id': 'site-role',
        'url': 'http://site.example/fhir/ConceptMap/lesion-role',
        'version': '1', 'status': 'active', 'group': [{
            'source': 'http://site.example/role',
            'target': 'https://rescan.example/fhir/CodeSystem/lesion-role',
            'element': [{'code': 'NT', 'target': [
                {'code': 'non_target', 'equivalence': 'equivalent'}]}]}]}))
    s = simple()
    s.lesion('l1', morphology=concept('http://site.example/role', 'NT'))
    c = Case(score, rescan, "a site's own role code", s,
             config=f'[maps]\nextra_dir = {rescan.folder}/site\n')
    c.is_(('non_target', 'stated'), (c.lesion('l1').get('role'),
                                     c.lesion('l1').get('role_source')))


def identity_path(score, rescan):
    s = Story(0)
    for o, d, size in (('b', 0, 50), ('f', 56, 40)):
        for n in '12':
            s.size(o + n, d, None, size, extension=[{
                'url': 'http://site/lesion-id', 'valueString': 'TL-' + n}])
    c = Case(score, rescan, 'configured identity path', s, config='[lesion]\n'
             "identity_path = Observation.extension('http://site/lesion-id')"
             '.value\n')
    c.lesions(2)
    c.burden(1, 80)


def state_path(score, rescan):
    s = simple()
    s.size('f', 56, 'l1', None, component=None, extension=[{
        'url': 'http://site/state',
        'valueCodeableConcept': concept(NCIT, 'C48190')}])
    c = Case(score, rescan, 'configured state path', s, config='[lesion]\n'
             "state_path = Observation.extension('http://site/state')"
             '.value\n')
    c.states('l1', 'measured', 'absent')


def non_target_growth_by_lesion(score, rescan):
    """Worse again, said of the lesion: any further increase confirms."""
    s = simple()
    s.lesion('x', site='pleura', role='C94521')
    s.state('x0', 0, 'x', 'C25626')
    s.state('x1', 56, 'x', 'C123645')
    s.size('g', 98, 'l1', 40)
    s.state('x2', 98, 'x', 'C25533')
    c = Case(score, rescan, 'non-target lesion grows again', s)
    c.overall(1, 'iUPD', 'irecist')
    c.overall(2, 'iCPD', 'irecist')
    s.state('x2', 98, 'x', 'C71687')
    c = Case(score, rescan, 'non-target lesion unchanged', s)
    c.check(c.visit(2, 'irecist').get('overall') != 'iCPD', 'not iCPD',
            c.visit(2, 'irecist').get('overall'))


def study_without_reading(score, rescan):
    """Scanned, but nothing said of it: never CR, never silent."""
    s = simple()
    s.study('s9', 98)
    c = Case(score, rescan, 'a study nobody read', s)
    c.check('ImagingStudy/s9' in json.dumps(c.doc), 'ImagingStudy/s9',
            c.doc.get('timepoints'))
    if len(c.doc.get('timepoints', [])) == 3:
        c.overall(2, 'NE')


def study_cancelled(score, rescan):
    s = simple()
    s.study('s9', 98, status='cancelled')
    Case(score, rescan, 'a cancelled study', s).dates(0, 56)


def same_measurement_twice(score, rescan):
    """A second Observation of the same value changes no category."""
    s = simple()
    s.size('f2', 56, 'l1', 40)
    c = Case(score, rescan, 'measured twice alike', s)
    c.burden(1, 40)
    c.no_problem('reader_conflict')


def third_dimension(score, rescan):
    """mCODE allows two other dimensions."""
    s = simple()
    s.size('f', 56, 'l1', None, component=[
        longest(mm(40)), other(mm(30)), other(mm(20))])
    c = Case(score, rescan, 'three dimensions', s)
    c.burden(1, 40)


def wrong_resource_type(score, rescan):
    """An R5 or unknown resource is no reason to fail."""
    s = simple()
    s.add('ImagingSelection', 'is1', status='available')
    c = Case(score, rescan, 'a resource type of R5', s)
    c.overall(1, 'SD')


def empty(score, rescan):
    status, out, err = rescan.run([json.dumps(
        {'resourceType': 'Bundle', 'type': 'collection'})])
    score.check(status in (0, 3) and json.loads(out or 'null') == [],
                'an empty Bundle:', '[]', (status, out[:200], err[:200]))
