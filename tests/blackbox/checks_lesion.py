# SPDX-License-Identifier: Apache-2.0
"""What a lesion is: known, new, doubtful, merged."""
from story import Case, simple


def new_but_known_before(score, rescan):
    """Stated new, and yet measured before baseline: known disease."""
    s = simple()
    s.lesion('l2', site='liver', role='C94522')
    s.size('p2', -60, 'l2', 20)
    s.size('f2', 56, 'l2', 20)
    c = Case(score, rescan, 'stated new, measured before', s)
    c.problem('new_lesion_at_baseline', 'Observation/p2')
    c.overall(2, 'SD')
    c.overall(2, 'iSD', 'irecist')


def doubtful_at_baseline(score, rescan):
    """Nothing in doubt is chosen to measure response by."""
    s = simple()
    s.lesion('l1')
    s.lesion('l2', site='liver')
    s.size('b2', 0, 'l2', 60)
    s.state('e2', 0, 'l2', 'C86071')
    s.size('f2', 56, 'l2', 90)
    c = Case(score, rescan, 'doubtful at baseline', s)
    c.problem('equivocal_at_baseline')
    c.is_('non_target', c.lesion('l2').get('role'))
    c.burden(1, 40)
    c.overall(1, 'SD')


def merged_and_gone(score, rescan):
    """A lesion that merged is gone with the one it merged into."""
    s = simple()
    s.lesion('l2', site='right_lung', role='C94520')
    s.size('b2', 0, 'l2', 20)
    s.size('f', 56, 'l1', 60)
    s.state('f2', 56, 'l2', 'C94525', focus=[
        {'reference': 'BodyStructure/l2'}, {'reference': 'BodyStructure/l1'}])
    s.state('g', 98, 'l1', 'C48190')
    c = Case(score, rescan, 'coalesced lesions, gone', s)
    c.overall(1, 'SD')
    c.overall(2, 'CR')
    c.overall(2, 'iCR', 'irecist')
    c.overall(2, 'irCR', 'irrecist')


def baseline_reads_less(score, rescan):
    """The last scan before the dose counts; what it did not show is said."""
    for role in (None, 'C94520'):
        s = simple()
        s.lesion('l1', role=role)
        s.lesion('l2', site='liver', role=role)
        s.size('p2', -25, 'l2', 30)
        s.size('f2', 56, 'l2', 60)
        c = Case(score, rescan, f'not read at baseline, {role}', s)
        c.problem('lesion_not_read_at_baseline', 'Observation/p2')
        c.phases('pre_baseline', 'baseline', 'on_treatment')
        s.size('b2', 0, 'l2', 30)
        Case(score, rescan, f'read at baseline, {role}', s).no_problem(
            'lesion_not_read_at_baseline')
    s = simple()
    s.lesion('l2', site='liver')
    s.size('p2', -43, 'l2', 30)
    s.size('f2', 56, 'l2', 60)
    Case(score, rescan, 'before the baseline window', s).no_problem(
        'lesion_not_read_at_baseline')
