# SPDX-License-Identifier: Apache-2.0
"""The input contract, sentence by sentence: measurements, identity, states."""
from fhir_cases import day
from fhir_codes import DCM, LOINC, NCIT, SCT, SITES, concept
from story import (PATIENT, Case, Story, longest, mm, other, simple,
                   unchanged)

DIAMETER = concept(SCT, '439984002')


def followed(quantity, **rest):
    """The simple patient with another quantity on day 56."""
    s = simple()
    s.size('f', 56, 'l1', quantity, **rest)
    return s


# -- units ------------------------------------------------------------------
def unit_text_alone(score, rescan):
    c = Case(score, rescan, 'unit text mm', followed(
        {'value': 40, 'unit': 'mm'}))
    c.burden(1, 40)
    c.no_problem()


def unit_of_the_map(score, rescan):
    c = Case(score, rescan, 'cm', followed(mm(4.05, 'cm')))
    c.burden(1, 40.5)


def unit_unknown(score, rescan):
    c = Case(score, rescan, 'inch-ish', followed(
        {'value': 4, 'unit': 'inch-ish'}))
    c.problem('unit_unknown', 'Observation/f')
    c.check('inch-ish' in str(c.doc.get('problems')), 'the unit is named',
            c.doc.get('problems'))
    c.check(c.visit(1).get('burden') is None, 'no burden', c.visit(1))


def unit_unknown_code(score, rescan):
    c = Case(score, rescan, 'UCUM [in_i]', followed(mm(2, '[in_i]')))
    c.problem('unit_unknown', 'Observation/f')


def unit_missing(score, rescan):
    c = Case(score, rescan, 'no unit', followed({'value': 40}))
    c.check(c.doc and c.problems(), 'a problem', c.doc and c.problems())
    c.check(c.visit(1).get('burden') is None, 'no burden', c.visit(1))


def unit_other_system(score, rescan):
    c = Case(score, rescan, 'mm of another system', followed(
        {'value': 40, 'system': 'http://site.example/units', 'code': 'mm'}))
    c.check(c.doc and c.problems(), 'a problem', c.doc and c.problems())


def unit_area(score, rescan):
    c = Case(score, rescan, 'area', followed(mm(400, 'mm2')))
    c.check(c.doc and c.problems(), 'a problem', c.doc and c.problems())
    c.check(c.visit(1).get('burden') != 400, 'no diameter of 400',
            c.visit(1).get('burden'))


def rounding(score, rescan):
    """Half away from zero to 0.1 mm, once, at ingest."""
    for value, want in ((40.05, 40.1), (40.04, 40.0), (40.049, 40.0)):
        Case(score, rescan, f'{value} mm', followed(mm(value))).burden(1, want)
    Case(score, rescan, '4.005 cm', followed(mm(4.005, 'cm'))).burden(1, 40.1)


def negative(score, rescan):
    c = Case(score, rescan, 'negative length', followed(mm(-4)))
    c.check(c.doc and c.problems(), 'a problem', c.doc and c.problems())


# -- too small ----------------------------------------------------------------
def below_five(score, rescan):
    for quantity in (mm(5, comparator='<'), mm(0.5, 'cm', comparator='<'),
                     mm(3, comparator='<')):
        c = Case(score, rescan, f'{quantity}', followed(quantity))
        c.states('l1', 'measured', 'too_small')
        c.burden(1, 5)


def below_ten(score, rescan):
    """Only up to 5 mm is a comparator "too small to measure"."""
    c = Case(score, rescan, '<10 mm', followed(mm(10, comparator='<')))
    c.check(c.visit(1).get('burden') is None, 'no burden', c.visit(1))
    c.check(c.doc and c.problems(), 'a problem', c.doc and c.problems())


def above(score, rescan):
    c = Case(score, rescan, '>40 mm', followed(mm(40, comparator='>')))
    c.check(c.doc and c.problems(), 'a problem', c.doc and c.problems())


def value_quantity(score, rescan):
    """The value in valueQuantity or in components."""
    for code in ((SCT, '103339001'), (NCIT, 'C96684'), (SCT, '371479009'),
                 (LOINC, '33728-7'), (SCT, '439984002'), (LOINC, '21889-1')):
        s = simple()
        s.observe('f', 56, concept(*code), valueQuantity=mm(40),
                  focus=[{'reference': 'BodyStructure/l1'}])
        Case(score, rescan, f'valueQuantity {code[1]}', s).burden(1, 40)


# -- identity -----------------------------------------------------------------
def same_identifier(score, rescan):
    s = simple()
    ident = [{'system': 'http://site/l', 'value': 'A'}]
    s.lesion('l1', role='C94520', identifier=ident)
    s.lesion('l9', role='C94520', identifier=ident)
    s.size('f', 56, 'l9', 40)
    c = Case(score, rescan, 'two BodyStructures, one identifier', s)
    c.lesions(1)
    c.overall(1, 'SD')


def focus_before_uid(score, rescan):
    s = simple()
    for o, uid in (('b', '1.2.3'), ('f', '1.2.4')):
        s.resources['Observation/' + o]['component'].append(
            {'code': concept(DCM, '112040'), 'valueString': uid})
    c = Case(score, rescan, 'focus before UID', s)
    c.lesions(1)
    c.overall(1, 'SD')


def by_component(score, rescan):
    """Tracking UID, then tracking identifier, then a lesion identifier."""
    for code in ('112040', '112039', '121151'):
        s = Story(0)
        for o, d, size in (('b', 0, 50), ('f', 56, 40)):
            s.size(o, d, None, size, bodySite=concept(*SITES['liver']),
                   component=[longest(mm(size)),
                              {'code': concept(DCM, code),
                               'valueString': '1.2.826.7'}])
            s.size(o + '2', d, None, size, bodySite=concept(*SITES['liver']),
                   component=[longest(mm(size)),
                              {'code': concept(DCM, code),
                               'valueString': '1.2.826.8'}])
        c = Case(score, rescan, f'identity by DCM {code}', s)
        c.lesions(2)
        c.burden(1, 80)
        c.no_problem('lesion_identity_missing')


def uid_before_tracking_id(score, rescan):
    s = Story(0)
    for o, d, name in (('b', 0, 'Nodule 1'), ('f', 56, 'Nodule 7')):
        s.size(o, d, None, 40, component=[
            longest(mm(40)),
            {'code': concept(DCM, '112040'), 'valueString': '1.2.3'},
            {'code': concept(DCM, '112039'), 'valueString': name}])
    Case(score, rescan, 'UID before tracking identifier', s).lesions(1)


def by_site(score, rescan):
    s = Story(0)
    for o, d in (('b', 0), ('f', 56)):
        s.size(o + '1', d, None, 40, bodySite=concept(*SITES['left_lung']))
        s.size(o + '2', d, None, 30, bodySite=concept(*SITES['right_lung']))
    c = Case(score, rescan, 'identity by site and side', s)
    c.lesions(2)
    c.burden(1, 70)
    c.no_problem('lesion_identity_missing')


def site_not_unique(score, rescan):
    s = Story(0)
    for o, d in (('b', 0), ('f', 56)):
        s.size(o + '1', d, None, 40, bodySite=concept(*SITES['liver']))
        s.size(o + '2', d, None, 30, bodySite=concept(*SITES['liver']))
    c = Case(score, rescan, 'two lesions of one site', s)
    c.problem('lesion_identity_missing')


def no_identity(score, rescan):
    s = simple()
    s.size('x', 56, None, 12)
    c = Case(score, rescan, 'no identity', s)
    c.problem('lesion_identity_missing', 'Observation/x')
    c.burden(1, 40)


# -- nodes ----------------------------------------------------------------------
def node(second, **rest):
    s = Story(0)
    s.lesion('n1', site='node', role='C94520')
    s.size('b', 0, 'n1', None, component=[longest(mm(30)), other(mm(20))])
    if second is not None:
        s.size('f', 56, 'n1', None, component=second, **rest)
    return s


def node_smaller_of_two(score, rescan):
    c = Case(score, rescan, 'node, smaller of two', node(
        [longest(mm(24)), other(mm(14))]))
    c.burden(0, 20)
    c.burden(1, 14)
    c.check(c.lesion('n1').get('nodal') is True, 'nodal', c.lesion('n1'))


def node_short_axis(score, rescan):
    s = node(None)
    s.observe('f1', 56, concept(SCT, '103340004'), valueQuantity=mm(15),
              focus=[{'reference': 'BodyStructure/n1'}])
    c = Case(score, rescan, 'node, axis said to be short', s)
    c.burden(1, 15)
    c.no_problem('node_axis_assumed')
    s.observe('f2', 56, concept(SCT, '103339001'), valueQuantity=mm(22),
              focus=[{'reference': 'BodyStructure/n1'}])
    c = Case(score, rescan, 'node, both axes said', s)
    c.burden(1, 15)


def axes_contradict(score, rescan):
    """A longest diameter below the other is never taken in silence."""
    s = simple()
    s.size('f', 56, 'l1', None, component=[longest(mm(30)), other(mm(40))])
    c = Case(score, rescan, 'longest below the other', s)
    c.check(c.doc and c.problems(), 'a problem', c.doc and c.problems())


def node_one_unnamed(score, rescan):
    s = node(None)
    s.observe('f', 56, DIAMETER, valueQuantity=mm(14),
              focus=[{'reference': 'BodyStructure/n1'}])
    c = Case(score, rescan, 'node, one unnamed dimension', s)
    c.burden(1, 14)
    c.problem('node_axis_assumed', 'Observation/f')


def node_only_longest(score, rescan):
    """A longest diameter alone is not a short axis, and that is said."""
    c = Case(score, rescan, 'node, longest only', node([longest(mm(14))]))
    c.check(c.doc and c.problems(), 'a problem', c.doc and c.problems())


def node_gone(score, rescan):
    """0 mm is gone along either axis: nothing is assumed."""
    c = Case(score, rescan, 'node of 0 mm', node([longest(mm(0))]))
    c.overall(1, 'CR')
    c.no_problem()


def volume(score, rescan):
    """One thing wrong is one problem."""
    s = simple()
    s.observe('v', 56, concept(SCT, '118565006'),
              focus=[{'reference': 'BodyStructure/l1'}],
              valueQuantity=mm(9000, 'mm3'))
    c = Case(score, rescan, 'volume', s)
    c.burden(1, 40)
    c.is_(['measure_not_used'], c.problems())


def node_normal(score, rescan):
    c = Case(score, rescan, 'node below 10 mm', node(
        [longest(mm(14)), other(mm(9.9))]))
    c.overall(1, 'CR')
    c.burden(1, 9.9)


# -- what is not imaging, and the study ---------------------------------------
def pathology(score, rescan):
    for name, rest in (
            ('specimen', {'specimen': {'reference': 'Specimen/1'}}),
            ('method', {'method': concept(SCT, '787377000')})):
        s = simple()
        s.size('x', 70, 'l1', 10, **rest)
        c = Case(score, rescan, f'pathology by {name}', s)
        c.dates(0, 56)
        c.overall(1, 'SD')


def study_dates_it(score, rescan):
    for way in ('derivedFrom', 'partOf'):
        s = simple()
        s.study('s1', 52)
        s.size('f', 56, 'l1', 40, **{way: [
            {'reference': 'ImagingStudy/s1'}]})
        c = Case(score, rescan, f'study by {way}', s)
        c.dates(0, 52)
        c.is_(['ImagingStudy/s1'], c.doc['timepoints'][-1]['studies'])


def study_without_effective(score, rescan):
    s = simple()
    s.study('s1', 52)
    s.size('f', None, 'l1', 40, derivedFrom=[
        {'reference': 'ImagingStudy/s1'}])
    Case(score, rescan, 'no effective, but a study', s).dates(0, 52)


def no_date(score, rescan):
    s = simple()
    s.size('x', None, 'l1', 30)
    c = Case(score, rescan, 'no date and no study', s)
    c.dates(0, 56)
    c.check([p for p in c.doc.get('problems', [])
             if p['source'] == 'Observation/x'], 'a problem of Observation/x',
            c.doc.get('problems'))


def partial_date(score, rescan):
    s = simple()
    s.size('x', 56, 'l1', 30, effectiveDateTime='2024-04')
    c = Case(score, rescan, 'a month is no day', s)
    c.check([p for p in c.doc.get('problems', [])
             if p['source'] == 'Observation/x'], 'a problem of Observation/x',
            c.doc.get('problems'))


# -- readers --------------------------------------------------------------------
def two_readers(a, b):
    s = simple()
    s.study('s1', 56)
    for o, size, who, when in (('f', a, 'Practitioner/1', '10:00:00Z'),
                               ('g', b, 'Practitioner/2', '11:00:00Z')):
        s.size(o, 56, 'l1', size, performer=[{'reference': who}],
               issued=day(57) + 'T' + when,
               derivedFrom=[{'reference': 'ImagingStudy/s1'}])
    return s


def readers_differ(score, rescan):
    c = Case(score, rescan, 'two readers, latest issued', two_readers(40, 30))
    c.burden(1, 30)
    c.problem('reader_conflict')
    c.check(len(c.lesion('l1')['measurements']) == 3, 'both are kept',
            c.lesion('l1'))


def readers_order(score, rescan):
    c = Case(score, rescan, 'two readers, configured order',
             two_readers(40, 30),
             config='[lesion]\nreaders = Practitioner/1, Practitioner/2\n')
    c.burden(1, 40)
    c.problem('reader_conflict')


def readers_agree(score, rescan):
    c = Case(score, rescan, 'two readers, one category', two_readers(40, 41))
    c.no_problem('reader_conflict')


def statement_order(score, rescan):
    """One visit, two readers, yes and no: preferred, else latest issued."""
    preferred = '[lesion]\nreaders = Practitioner/{}\n'
    for first, second, config, overall in (
            (True, False, None, 'SD'), (False, True, None, 'PD'),
            (True, False, preferred.format(1), 'PD'),
            (True, False, preferred.format(2), 'SD')):
        for names in (('n1', 'n2'), ('n2', 'n1')):
            s = simple()
            for o, yes, who, hour in zip(names, (first, second), '12',
                                         ('10', '11')):
                s.says(o, 56, 'C142362', yes,
                       performer=[{'reference': 'Practitioner/' + who}],
                       issued=f'{day(57)}T{hour}:00:00Z')
            c = Case(score, rescan, f'{first} then {second}, {config}', s,
                     config=config)
            c.overall(1, overall)
            c.problem('statement_conflict')


def long_numbers(score, rescan):
    """All the digits of a double: rounded once, not refused."""
    s = simple()
    s.size('f', 56, 'l1', mm(4321, 'cm'))
    text = s.files()[0].replace(
        '4321', '3.149999999999999644728632119949907064437866210937500')
    c = Case(score, rescan, 'a length of 52 digits', [text])
    c.burden(1, 31.5)
    c.no_problem()


# -- roles ----------------------------------------------------------------------
def roles(score, rescan):
    for code, system, role in (
            ('C94520', NCIT, 'target'), ('C94521', NCIT, 'non_target'),
            ('112074', DCM, 'target'), ('112075', DCM, 'non_target'),
            ('C14172', NCIT, 'benign')):
        s = simple()
        s.lesion('l1', morphology=concept(system, code))
        c = Case(score, rescan, f'role {code}', s)
        c.is_((role, 'stated'), (c.lesion('l1').get('role'),
                                 c.lesion('l1').get('role_source')))
    for code, role in (('C94522', 'new'), ('C139127', 'new_target'),
                       ('C139126', 'new_non_target')):
        s = simple()
        s.lesion('l2', site='liver', role=code)
        s.size('g', 56, 'l2', 12)
        c = Case(score, rescan, f'role {code}', s)
        c.check(c.lesion('l2').get('role', '').startswith('new'), role,
                c.lesion('l2').get('role'))
        c.is_('stated', c.lesion('l2').get('role_source'))
        c.overall(1, 'PD')


def benign(score, rescan):
    s = simple()
    s.lesion('l2', site='liver', role='C14172')
    s.size('g', 56, 'l2', 30)
    c = Case(score, rescan, 'benign is no new lesion', s)
    c.overall(1, 'SD')
    c.overall(1, 'iSD', 'irecist')


def role_places(score, rescan):
    """Component, valueCodeableConcept, interpretation, morphology."""
    value = concept(NCIT, 'C94521')
    for name, rest in (
            ('component', {'component': [
                longest(mm(50)), {'code': {'text': 'role'},
                                  'valueCodeableConcept': value}]}),
            ('interpretation', {'interpretation': [value]})):
        s = simple()
        s.lesion('l1')
        s.size('b', 0, 'l1', 50, **rest)
        c = Case(score, rescan, f'role by {name}', s)
        c.is_('non_target', c.lesion('l1').get('role'))
    s = simple()
    s.lesion('l1')
    s.state('r', 0, 'l1', 'C94521')
    c = Case(score, rescan, 'role by valueCodeableConcept', s)
    c.is_('non_target', c.lesion('l1').get('role'))


def role_path(score, rescan):
    s = simple()
    s.lesion('l1', extension=[{
        'url': 'http://site/lesion-role',
        'valueCodeableConcept': concept(NCIT, 'C94521')}])
    c = Case(score, rescan, 'configured role path', s, config='[lesion]\n'
             "role_path = BodyStructure.extension('http://site/lesion-role')"
             '.value\n')
    c.is_('non_target', c.lesion('l1').get('role'))
    c.is_('stated', c.lesion('l1').get('role_source'))


# -- roles nobody stated ------------------------------------------------------
def unstated():
    s = Story(0)
    for ident, site, size in (('a', 'left_lung', 40), ('b', 'right_lung', 30),
                              ('c', 'left_lung', 20), ('d', 'liver', 9.9),
                              ('e', 'bone', 15), ('g', 'kidney', 14),
                              ('h', 'brain', 13), ('i', 'spleen', 12)):
        s.lesion(ident, site=site)
        s.size('b' + ident, 0, ident, size)
        s.size('f' + ident, 56, ident, size)
    return s


def selection(score, rescan):
    """At most five, every organ first, 10 mm and more."""
    c = Case(score, rescan, 'targets selected', unstated())
    roles_ = {x['key'][-1]: (x['role'], x['role_source'])
              for x in c.doc.get('lesions', [])}
    for ident in 'aeghi':
        c.is_(('target', 'selected'), roles_.get(ident))
    for ident in 'bcd':
        c.is_(('non_target', 'selected'), roles_.get(ident))
    c.burden(0, 40 + 15 + 14 + 13 + 12)


def selection_nodes(score, rescan):
    s = Story(0)
    for ident, size in (('a', 15), ('b', 14.9), ('c', 9.9)):
        s.lesion(ident, site='node')
        s.size('b' + ident, 0, ident, None,
               component=[longest(mm(30)), other(mm(size))])
    c = Case(score, rescan, 'nodes selected', s)
    c.is_('target', c.lesion('a').get('role'))
    c.is_('non_target', c.lesion('b').get('role'))
    c.burden(0, 15)


def late_is_new(score, rescan):
    s = simple()
    s.lesion('l2', site='liver')
    s.size('g', 56, 'l2', 12)
    c = Case(score, rescan, 'first seen after baseline', s)
    c.check(c.lesion('l2').get('role', '').startswith('new'), 'new',
            c.lesion('l2'))
    c.overall(1, 'PD')
    c.overall(1, 'iUPD', 'irecist')
