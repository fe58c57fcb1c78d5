# SPDX-License-Identifier: Apache-2.0
"""The assessment contract: phases, baseline, timepoints, windows."""
from fhir_cases import day
from fhir_codes import DCM, NCIT, concept
from story import Case, Story, simple

ALL = ('recist11', 'irecist', 'irrecist', 'imrecist', 'irrc')


def scans(*days, doses=(), lesion='l1'):
    s = Story(*doses)
    s.lesion(lesion, role='C94520')
    for d in days:
        s.size(f'o{d + 500}', d, lesion, 50)
    return s


def flags(c, n):
    return c.visit(n).get('flags', [])


def no_dose(score, rescan):
    c = Case(score, rescan, 'no dose', scans(0, 56))
    c.problem('therapy_start_missing')
    c.phases('baseline', 'on_treatment')
    c.is_(None, c.doc.get('therapy', {}).get('start'))
    c.is_([], c.doc.get('therapy', {}).get('agents'))
    c.overall(1, 'SD')


def baseline_last_before(score, rescan):
    c = Case(score, rescan, 'two scans before',
             scans(-60, -20, 56, doses=(0, 21, 42)))
    c.phases('pre_baseline', 'baseline', 'on_treatment')


def baseline_same_day(score, rescan):
    c = Case(score, rescan, 'scan and dose on one day',
             scans(-30, 0, 56, doses=(0, 21, 42)))
    c.phases('pre_baseline', 'baseline', 'on_treatment')


def baseline_age(score, rescan):
    for age in (28, 29, 42):
        c = Case(score, rescan, f'baseline {age} days before',
                 scans(-age, 40, doses=(0, 21)))
        c.phases('baseline', 'on_treatment')
        c.overall(1, 'SD')
        said = any('BASELINE_STALE' in flags(c, n) for n in (0, 1))
        c.is_(age > 28, said)
        c.no_problem('baseline_missing')


def baseline_too_old(score, rescan):
    c = Case(score, rescan, 'baseline 43 days before',
             scans(-43, 40, 80, doses=(0, 21)))
    c.problem('baseline_missing')
    for n in range(len(c.doc.get('timepoints', []))):
        for criterion in ALL:
            got = c.visit(n, criterion).get('overall')
            c.check(got in ('NE', 'irNE', 'NA') and
                    (got != 'NA' or n == 0), f'{criterion} NE', got)


def baseline_bound_configured(score, rescan):
    c = Case(score, rescan, 'baseline 43 days before, 45 allowed',
             scans(-43, 40, doses=(0, 21)),
             config='[timeline]\nbaseline_days = 45\n')
    c.phases('baseline', 'on_treatment')
    c.no_problem('baseline_missing')


def baseline_after(score, rescan):
    c = Case(score, rescan, 'first scan 7 days after',
             scans(7, 63, doses=(0, 21, 42)))
    c.phases('baseline', 'on_treatment')
    c.overall(1, 'SD')
    c = Case(score, rescan, 'first scan 8 days after',
             scans(8, 63, doses=(0, 21, 42)))
    c.problem('baseline_missing')
    c.overall(1, 'NE')


def baseline_after_only_if_none_before(score, rescan):
    c = Case(score, rescan, 'a scan before and one 7 days after',
             scans(-20, 7, 63, doses=(0, 21, 42)))
    c.phases('baseline', 'on_treatment', 'on_treatment')


def late_baseline_after_old(score, rescan):
    """Too old a scan is none: the one 5 days after serves."""
    c = Case(score, rescan, 'too old a scan, and one 5 days after',
             scans(-50, 5, 63, doses=(0, 21, 42)))
    c.phases('pre_baseline', 'baseline', 'on_treatment')
    c.no_problem('baseline_missing')


def after_treatment(score, rescan):
    c = Case(score, rescan, 'a year after the last dose',
             scans(-10, 40, 400, doses=(0, 21, 42)))
    c.phases('baseline', 'on_treatment', 'post_treatment')


def two_parts(a, b):
    s = Story(0, 21, 42)
    for lesion, site, d in (('l1', 'left_lung', a), ('l2', 'liver', b)):
        s.lesion(lesion, site=site, role='C94520')
        s.size('b' + lesion, 0, lesion, 30)
        s.study('s' + lesion, d)
        s.size('f' + lesion, d, lesion, 31, derivedFrom=[
            {'reference': 'ImagingStudy/s' + lesion}])
    return s


def grouping(score, rescan):
    for span, config, one in ((14, None, True), (15, None, False),
                              (14, '[timeline]\ngroup_days = 13\n', False),
                              (15, '[timeline]\ngroup_days = 15\n', True)):
        c = Case(score, rescan, f'two studies {span} days apart, {config}',
                 two_parts(50, 50 + span), config=config)
        c.dates(*([0, 50] if one else [0, 50, 50 + span]))
        if one:
            c.burden(1, 62)
            c.is_(['ImagingStudy/sl1', 'ImagingStudy/sl2'],
                  sorted(c.doc['timepoints'][1]['studies']))


def span_is_whole(score, rescan):
    """They span at most 14 days together, not each with the next."""
    s = two_parts(50, 60)
    s.lesion('l3', site='bone', role='C94520')
    s.size('b3', 0, 'l3', 30)
    s.size('f3', 70, 'l3', 31)
    c = Case(score, rescan, 'three scans over 20 days', s)
    c.check(len(c.doc.get('timepoints', [])) > 2, 'more than one visit',
            [p['date'] for p in c.doc.get('timepoints', [])])


def one_study_stays_together(score, rescan):
    """Readings weeks later belong to the study they name."""
    s = two_parts(50, 50)
    s.resources['Observation/fl2'].update(
        effectiveDateTime=day(75),
        derivedFrom=[{'reference': 'ImagingStudy/sl1'}])
    del s.resources['ImagingStudy/sl2']
    c = Case(score, rescan, 'a late reading of one study', s)
    c.dates(0, 50)
    c.burden(1, 62)


def own_offset(score, rescan):
    """The day in the offset it is written with."""
    for text in ('T23:59:00-11:00', 'T00:01:00+13:00', 'T12:00:00Z'):
        s = simple()
        s.study('s1', 56, started=day(56) + text)
        s.size('f', 56, 'l1', 40, effectiveDateTime=day(57) + text,
               derivedFrom=[{'reference': 'ImagingStudy/s1'}])
        Case(score, rescan, 'started ' + text, s).dates(0, 56)


def as_of_default(score, rescan):
    c = Case(score, rescan, 'as_of by default', simple())
    c.is_(day(56), c.doc.get('as_of'))
    c = Case(score, rescan, 'as_of given', simple(), as_of=day(400))
    c.is_(day(400), c.doc.get('as_of'))


def confirmation(score, rescan):
    s = simple()
    s.size('f', 56, 'l1', 70)
    states = {56: 'upcoming', 56 + 27: 'upcoming', 56 + 28: 'due',
              56 + 56: 'due', 56 + 60: 'overdue'}
    for d, state in states.items():
        c = Case(score, rescan, f'iUPD, as of day {d}', s, as_of=day(d))
        r = c.visit(1, 'irecist')
        c.is_('iUPD', r.get('overall'))
        c.is_((day(84), day(112)), (r.get('confirm_from'),
                                    r.get('confirm_to')))
        found = [(x['from'], x['to'], x['state'])
                 for x in c.doc.get('recommendations', [])
                 if x['kind'] == 'confirmation_scan' and
                 x.get('criterion') == 'irecist']
        c.check(len(found) == 1 and found[0][:2] in (
            (day(84), day(112)), (day(82), day(114))), 'day 84 to 112', found)
        c.check(found and found[0][2] == state, state, found)


def bar_reset(score, rescan):
    s = simple()
    s.size('f', 56, 'l1', 70)
    s.size('g', 98, 'l1', 30)
    c = Case(score, rescan, 'iUPD, then iPR', s)
    c.overall(2, 'iPR', 'irecist')
    c.is_(True, c.visit(2, 'irecist').get('bar_reset'))
    c.is_(False, c.visit(1, 'irecist').get('bar_reset', False))


def unscheduled_early(score, rescan):
    """A scan for a new symptom is a visit of its own."""
    s = simple()
    s.size('f', 56, 'l1', 40)
    s.lesion('l2', site='liver', role='C139127')
    s.lesion('l3', site='brain', role='C139127')
    s.size('g', 56, 'l2', 15)
    s.study('s3', 66, reasonCode=[concept(NCIT, 'C124434')])
    for o, lesion, size in (('h1', 'l1', 40), ('h2', 'l2', 15),
                            ('h3', 'l3', 12)):
        s.size(o, 66, lesion, size, derivedFrom=[
            {'reference': 'ImagingStudy/s3'}])
    c = Case(score, rescan, 'unscheduled scan 10 days on', s)
    c.dates(0, 56, 66)
    c.overall(2, 'iCPD', 'irecist')
    c.check('EARLY_NEW_LESION_WITH_SYMPTOM' in
            c.visit(2, 'irecist').get('flags', []), 'its flag',
            c.visit(2, 'irecist').get('flags'))


def modality_pair(score, rescan):
    """CT and PET of one visit are one timepoint."""
    s = simple()
    s.study('ct', 56)
    s.study('pt', 60, modality=[{'system': DCM, 'code': 'PT'}])
    s.size('f', 56, 'l1', 40, derivedFrom=[{'reference': 'ImagingStudy/ct'}])
    c = Case(score, rescan, 'CT and PET', s)
    c.dates(0, 56)
    c.is_(['ImagingStudy/ct', 'ImagingStudy/pt'],
          sorted(c.doc['timepoints'][1]['studies']))
