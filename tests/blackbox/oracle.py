# SPDX-License-Identifier: Apache-2.0
"""The size criteria a second time, from the specification alone.

A patient is a dict: targets and news (lesions), visits with the size of each
target (mm tenths, 'absent', 'tstm' for too small, or None for not evaluated),
the reader's non-target status and what is said of each new lesion.
"""
RANK = {'PD': 1, 'NON': 2, 'SD': 3, 'PR': 4, 'CR': 5}
ALONE = {'CR': 'CR', 'NON': 'NON', 'NE': 'NE', 'NA': 'NED'}
GRACE = 2


def is_pd(now, ref):
    return now - ref >= 50 and (ref == 0 or 5 * now >= 6 * ref)


def is_pr(now, base):
    return 10 * now <= 7 * base


def size(x):
    return {'tstm': 50, 'absent': 0}.get(x, x)


def axes(lesion, x):
    """Longest and perpendicular, as the stories give them."""
    x = size(x)
    return (x + 50 if x else 0, x) if lesion['node'] else (x, x * 4 // 5)


def is_gone(lesion, x):
    return x == 'absent' or (lesion['node'] and x in ('tstm', *range(100)))


def matrix(target, non_target, new=False, cr_before=False):
    if new or 'PD' in (target, non_target):
        return 'PD'
    if cr_before and (target in ('PR', 'SD') or non_target == 'NON'):
        return 'PD'
    if target == 'CR':
        return 'CR' if non_target in ('CR', 'NA') else 'PR'
    return ALONE[non_target] if target == 'NA' else target


class Visit:
    """The facts of one visit."""

    def __init__(self, case, k):
        self.case, self.said = case, case['visits'][k]
        self.day, self.nt = self.said['day'], self.said['nt']
        sizes = [(t, self.said['t'][t['id']]) for t in case['targets']]
        read = [(t, x) for t, x in sizes if x is not None]
        self.any_read = bool(read)
        self.whole = len(read) == len(sizes)
        self.sum = sum(size(x) for _, x in read)
        self.area = sum(a * b for a, b in (axes(*p) for p in read))
        self.gone = (bool(sizes) and self.whole and
                     all(is_gone(*p) for p in read))
        self.news = [self.new(lesion, k) for lesion in case['news']
                     if lesion['at'] <= k]
        self.new_left = any(not n['resolved'] for n in self.news)
        nlt = [n for n in self.news if n['kind'] == 'NLT']
        left = [n for n in nlt if not n['resolved']]
        self.any_nlt = bool(nlt)
        self.nlt_whole = all(n['x'] is not None for n in left)
        self.nlt = sum(size(n['x']) for n in left if n['x'] is not None)

    def new(self, lesion, k):
        visits = self.case['visits']
        x = last = visits[k]['n'].get(lesion['id'])
        while last is None:
            k -= 1
            last = visits[k]['n'].get(lesion['id'])
        return {**lesion, 'x': x, 'last': last,
                'first': self.case['visits'][lesion['at']] is self.said,
                'resolved': is_gone(lesion, last)}

    def target(self, base, nadir, hold):
        if not self.case['targets']:
            return 'NA'
        if not self.whole:
            grown = self.any_read and is_pd(self.sum, nadir)
            return 'PD' if grown else 'NE'
        if self.gone:
            return 'CR'
        if is_pd(self.sum, nadir):
            return 'PD'
        return 'PR' if hold or is_pr(self.sum, base) else 'SD'


def recist11(case, base):
    nadir, hold, cr_before = base, False, False
    for k in range(len(case['visits'])):
        v = Visit(case, k)
        target = v.target(base, nadir, hold)
        overall = matrix(target, v.nt, v.new_left, cr_before)
        yield target, v.nt, overall
        if v.whole and case['targets']:
            nadir = min(nadir, v.sum)
        hold = overall != 'PD' and (hold or target in ('PR', 'CR'))
        cr_before = cr_before or overall == 'CR'


def diameters(v, base, ref, key):
    """irRECIST and imRECIST: (category, burden)."""
    case, burden, p = v.case, v.sum + v.nlt, key[:2]
    gone = (v.gone or not case['targets']) and not v.new_left
    worse = key == 'irrecist' and (v.nt == 'PD' or any(
        n['kind'] == 'NLNT' and n['x'] == 'unequivocal' and not n['first']
        for n in v.news))
    if worse or (is_pd(burden, ref) and not (v.gone and not v.new_left)):
        return p + 'PD', burden
    if not (v.whole and v.nlt_whole):
        return 'NE', burden
    if not case['targets']:
        if v.nt in ('NE', 'NA'):
            return 'NE', burden
        return 'irCR' if v.nt == 'CR' and gone else 'irNN', burden
    if gone and v.nt in ('CR', 'NA'):
        return p + 'CR', burden
    return p + ('PR' if is_pr(burden, base) else 'SD'), burden


def products(v, base, ref, _key):
    """irRC."""
    read = [n for n in v.news if n['kind'] == 'NLT' and n['x'] is not None]
    burden = v.area + sum(a * b for a, b in (axes(n, n['x']) for n in read))
    if burden > ref and 4 * burden >= 5 * ref:
        return 'irPD', burden
    if not (v.whole and v.nlt_whole):
        return 'NE', burden
    if burden == 0 and v.nt in ('CR', 'NA') and not v.new_left:
        return 'irCR', burden
    return 'irPR' if 2 * burden <= base else 'irSD', burden


def burdens(case, base, key):
    """(category, confirmed, burden) a visit: one machine for all three."""
    judge = products if key == 'irrc' else diameters
    nadir, pending, confirmed = base, None, False
    for k in range(len(case['visits'])):
        v = Visit(case, k)
        overall, burden = judge(v, base, pending[1] if pending else nadir, key)
        whole = v.whole and v.nlt_whole
        late = pending and v.day - pending[0] >= 28
        if overall.endswith('PD'):
            confirmed = bool(confirmed or late)
            pending = None if confirmed else pending or (v.day, nadir)
        elif overall != 'NE' and late:
            pending = None
        yield (overall, confirmed if overall.endswith('PD') else None,
               burden if whole else None)
        if whole:
            nadir = min(nadir, burden)


class Irecist:
    """The state machine of iRECIST."""

    def __init__(self, case, base):
        self.case, self.base = case, base
        self.nadir, self.hold, self.was_icr = base, False, False
        self.state, self.anchor = 'NONE', None
        self.known, self.in_sum, self.last = set(), set(), {}
        self.lowest = None

    def judge(self):
        for k in range(len(self.case['visits'])):
            v = self.v = Visit(self.case, k)
            self.target = v.target(self.base, self.nadir, self.hold)
            self.matrix = matrix(self.target, v.nt)
            self.gather()
            step = {'NONE': self.nothing, 'PENDING': self.pending,
                    'CONFIRMED': lambda: 'iCPD'}[self.state]
            opened, self.disregarded = self.state == 'NONE', False
            overall = step()
            yield overall, self.target
            if not self.disregarded:
                self.commit(overall, opened)

    def gather(self):
        v = self.v
        self.fresh = [n for n in v.news if n['x'] is not None and
                      not n['resolved'] and n['id'] not in self.known]
        self.missing = any(n['x'] is None and not n['resolved'] and
                           n['id'] in self.known for n in v.news)
        self.joined = sum(size(n['x']) for n in v.news
                          if n['kind'] == 'NLT' and n['x'] is not None and
                          not n['resolved'] and n['id'] not in self.in_sum)
        seen = [n for n in v.news if n['kind'] == 'NLNT' and
                n['id'] in self.last]
        self.nlnt_pd = any(n['x'] == 'unequivocal' and
                           self.last[n['id']] != 'unequivocal' for n in seen)
        self.nlnt_up = self.nlnt_pd or any(
            n['x'] == 'increased' for n in seen)
        lowest = self.like(self.lowest)
        grown = lowest is not None and is_pd(v.nlt, lowest)
        back = self.was_icr
        self.back_t = back and self.target in ('PR', 'SD')
        self.back_nt = back and v.nt == 'NON'
        self.causes = {c for c, holds in (
            ('T', self.target == 'PD' or self.back_t),
            ('NT', v.nt == 'PD' or self.back_nt),
            ('NL', self.fresh or grown or self.nlnt_pd)) if holds}

    def like(self, reference):
        """A reference for new targets, of the same lesions as now."""
        if reference is None and not self.in_sum:
            reference = 0
        return None if reference is None else reference + self.joined

    def mapped(self):
        if self.matrix == 'CR':
            return 'iPR' if self.v.new_left else 'iCR'
        return {'NON': 'NON-iCR/NON-iUPD', 'NE': 'NE',
                'NED': 'NA'}.get(self.matrix, 'i' + self.matrix)

    def nothing(self):
        v = self.v
        if self.causes:
            nlt = v.nlt if v.nlt_whole else None
            whole = v.whole and self.case['targets']
            self.anchor = {
                'day': v.day, 'causes': self.causes, 'nlt': nlt,
                'sum': v.sum if whole else None, 'nlt_min': nlt,
                'matrix': self.matrix, 'nt_pd': v.nt == 'PD',
                'back_t': self.back_t, 'back_nt': self.back_nt}
            self.state = 'PENDING'
            return 'iUPD'
        if self.matrix == 'NE' or self.missing:
            return 'NE'
        return self.mapped()

    def pending(self):
        if self.v.day - self.anchor['day'] < 28 - GRACE:
            if self.v.said.get('symptom') and self.fresh:
                self.state = 'CONFIRMED'
                return 'iCPD'
            self.disregarded = True
            return 'iUPD'
        if self.confirms():
            self.state = 'CONFIRMED'
            return 'iCPD'
        a, v = self.anchor, self.v
        if self.matrix == 'NE' or self.missing or (
                'NT' in a['causes'] and v.nt == 'NE'):
            return 'NE'
        if 'PD' in (self.target, v.nt) or self.relapse_stands():
            return 'iUPD'
        if 'NL' in a['causes'] and v.new_left and not self.changed():
            return 'iUPD'
        self.state, self.hold = 'NONE', False
        self.target = v.target(self.base, self.nadir, False)
        self.matrix = matrix(self.target, v.nt)
        return self.mapped()

    def confirms(self):
        a, v = self.anchor, self.v
        t = (a['sum'] is not None and v.any_read and
             v.sum - a['sum'] >= 50 and (self.target == 'PD' or a['back_t']))
        nlt = self.like(a['nlt_min'])
        nl = self.nlnt_up or (v.any_nlt and nlt is not None and
                              v.nlt - nlt >= 50)
        further = {'T': t, 'NT': v.said['nt_worse'], 'NL': nl}
        first = {'T': self.target == 'PD', 'NT': v.nt == 'PD',
                 'NL': 'NL' in self.causes}
        return bool(self.fresh) or any(
            further[c] if c in a['causes'] else first[c] for c in further)

    def fell(self):
        a, v = self.anchor['sum'], self.v
        return bool(v.whole and self.case['targets'] and a is not None and
                    a - v.sum >= 50)

    def relapse_stands(self):
        a = self.anchor
        return not self.fell() and (
            (a['back_t'] and self.target in ('PR', 'SD')) or
            (a['back_nt'] and self.v.nt == 'NON'))

    def changed(self):
        a, v = self.anchor, self.v
        return (RANK.get(self.matrix, 0) > RANK.get(a['matrix'], 9) or
                (a['nt_pd'] and v.nt != 'PD') or self.fell() or
                (v.any_nlt and v.nlt_whole and a['nlt'] is not None and
                 a['nlt'] - v.nlt >= 50))

    def commit(self, overall, opened):
        v = self.v
        if v.any_nlt and v.nlt_whole:
            lowest = self.like(self.lowest)
            self.lowest = v.nlt if self.fresh or lowest is None else min(
                lowest, v.nlt)
            if self.state == 'PENDING' and not opened:
                self.join()
        for n in v.news:
            if n['x'] is None:
                continue
            if not n['resolved']:
                self.known.add(n['id'])
            self.last[n['id']] = n['x']
            if n['kind'] == 'NLT':
                self.in_sum.add(n['id'])
        if v.whole and self.case['targets']:
            if self.state == 'PENDING' and self.anchor['sum'] is None:
                self.anchor['sum'] = v.sum
            self.nadir = min(self.nadir, v.sum)
        self.hold = self.target != 'PD' and (
            self.hold or self.target in ('PR', 'CR'))
        if overall != 'NE':
            self.was_icr = overall == 'iCR'

    def join(self):
        a, v = self.anchor, self.v
        if a['nlt'] is None:
            a['nlt'] = a['nlt_min'] = v.nlt
            return
        a['nlt'] += self.joined
        a['nlt_min'] = min(a['nlt_min'] + self.joined, v.nlt)


def best(sequence, order, end, confirm, start=1, sd_min=42):
    """Best overall response of (day, category)s; order: best first."""
    ends = [i for i, (_, c) in enumerate(sequence) if c == end]
    sequence = sequence[:ends[0] + 1] if ends else sequence
    rank = order.index
    stable = order[2]

    def stands(i):
        n_ne = 0
        for day, c in sequence[i + 1:]:
            n_ne += c == 'NE'
            if n_ne > 1 or (c != 'NE' and rank(c) > rank(sequence[i][1])):
                return False
            if c != 'NE' and day - sequence[i][0] >= 28:
                return True
        return False

    found = ['NE']
    for i, (day, c) in enumerate(sequence):
        if confirm and rank(c) < 2 and not stands(i):
            c = stable
        found.append('NE' if c == stable and day - start < sd_min else c)
    return min(found, key=rank)
