#!/usr/bin/env python3
"""Computes the polynomial coefficients of math.h (needs mpmath). Run it to check or change them.

Each row below is one minimax fit by Remez exchange on Chebyshev points: the function, the interval, the weight that
turns the polynomial's error into the relative error of the result, and the degree. Coefficients are rounded to f32 one
at a time, lowest power first, and the rest is fitted again, so the rounding of one is made good by the others.
"""
import struct
from mpmath import mp, mpf, cos, pi, exp, log, erf, erfc, sin, atan, sqrt, matrix, lu_solve, expm1

mp.dps = 40


def to_f32(x):
    return mpf(struct.unpack("f", struct.pack("f", float(x)))[0])


def to_f64(x):
    return mpf(float(x))


def remez(g, w, lo, hi, powers):
    """min over c of max |w(x) (sum c_i x^powers_i - g(x))|, by exchange; returns c and the error."""
    n = len(powers)
    grid = [(lo + hi) / 2 + (hi - lo) / 2 * cos(pi * (2000 - i) / 2000) for i in range(2001)]
    gv, wv = [g(x) for x in grid], [w(x) for x in grid]
    refs = [round(2000 * i / n) for i in range(n + 1)]
    best = None
    for _ in range(25):
        a, b = matrix(n + 1, n + 1), matrix(n + 1, 1)
        for row, i in enumerate(refs):
            for col, p in enumerate(powers):
                a[row, col] = grid[i] ** p
            a[row, n] = (-1) ** row / wv[i]
            b[row] = gv[i]
        c = list(lu_solve(a, b))[:n]
        err = [wv[i] * (sum(k * x**p for k, p in zip(c, powers)) - gv[i]) for i, x in enumerate(grid)]
        worst = max(abs(e) for e in err)
        if best is None or worst < best[1]:
            best = (c, worst)
        # One extremum of each run of equal sign is a new reference point.
        ext, start = [], 0
        for i in range(1, len(grid) + 1):
            if i == len(grid) or (err[i] > 0) != (err[start] > 0):
                ext.append(max(range(start, i), key=lambda k: abs(err[k])))
                start = i
        while len(ext) > n + 1:
            ext.pop(0 if abs(err[ext[0]]) < abs(err[ext[-1]]) else -1)
        if len(ext) < n + 1 or ext == refs:
            break
        refs = ext
    return best


def fit(name, g, w, lo, hi, degree, rounding=to_f32):
    fixed, left = [], list(range(degree + 1))
    while left:
        rest = lambda x: g(x) - sum(c * x**p for p, c in fixed)
        c, _ = remez(rest, w, mpf(lo), mpf(hi), left)
        fixed.append((left.pop(0), rounding(c[0])))
    grid = [mpf(lo) + (mpf(hi) - mpf(lo)) * i / 4000 for i in range(4001)]
    err = max(abs(w(x) * (sum(c * x**p for p, c in fixed) - g(x))) for x in grid)
    print(f"// {name}: relative error 2^{float(log(err, 2)):.1f}")
    for p, c in reversed(fixed):
        print(f"//   x^{p}: {float(c).hex()}  {float(c):.9g}")


def away_from_zero(f):
    """g and w have removable singularities at 0."""
    return lambda x: f(x if abs(x) > mpf(10) ** -8 else mpf(10) ** -8)


ln2 = log(mpf(2))
E = away_from_zero
fit("exp: e^r = 1 + r + r^2 P(r)", E(lambda r: (expm1(r) - r) / r**2), E(lambda r: abs(r**2 / expm1(r))), -ln2 / 2 * 1.001, ln2 / 2 * 1.001, 4)
fit("log: log(1+f) = f - f^2/2 + f^3 P(f)", E(lambda f: (log(1 + f) - f + f**2 / 2) / f**3), E(lambda f: f**3 / log(1 + f)), -mpf(1) / 3, mpf(1) / 3, 8)
fit("erf, |x| < 0.921875: erf x = x + x P(x^2)", E(lambda z: erf(sqrt(z)) / sqrt(z) - 1), E(lambda z: sqrt(z) / erf(sqrt(z))), 0, mpf("0.921875") ** 2, 6)
fit("erf, beyond: log erfc t = -t (1 + P(t))", lambda t: -log(erfc(t)) / t - 1, lambda t: t * erfc(t) / erf(t), "0.921875", "3.95", 6)
fit("sin: sin r = r + r^3 P(r^2)", E(lambda z: (sin(sqrt(z)) / sqrt(z) - 1) / z), E(lambda z: z * sqrt(z) / sin(sqrt(z))), 0, (pi / 4) ** 2 * 1.001, 2)
fit("cos: cos r = 1 - r^2/2 + r^4 P(r^2)", E(lambda z: (cos(sqrt(z)) - 1 + z / 2) / z**2), E(lambda z: z**2 / cos(sqrt(z))), 0, (pi / 4) ** 2 * 1.001, 2)
fit("atan (f64): atan t = t + t^3 P(t^2)", E(lambda z: (atan(sqrt(z)) / sqrt(z) - 1) / z), E(lambda z: z * sqrt(z) / atan(sqrt(z))), 0, (sqrt(mpf(2)) - 1) ** 2, 8, to_f64)

for name, x in [("ln2", ln2), ("pi/2", pi / 2)]:
    hi = to_f32(x)
    mid = to_f32(x - hi)
    print(f"// {name}: {float(hi).hex()} + {float(mid).hex()} + {float(to_f32(x - hi - mid)).hex()}")
mp.prec = 400
two_over_pi = int(2 / pi * mpf(2) ** 256)
print("// 2/pi:", ", ".join("0x%08x" % (two_over_pi >> (32 * (7 - i)) & 0xFFFFFFFF) for i in range(8)))
