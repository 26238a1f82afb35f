//! Steady state of the mean-field balance equations, by damped Newton on several rows at once.
//!
//! With `a[i][j]` the rate from site j to an empty site i, `g[i]` the rate into site i from the
//! electrodes and `c[i]` the sum of its electrode couplings, the balance of site i is
//!
//! ```text
//! F_i(p) = sum_j [ a_ij p_j (1 - p_i) - a_ji p_i (1 - p_j) ] + g_i - c_i p_i = 0
//! ```
//!
//! For p in the unit box the Jacobian J has off-diagonals `a_ij (1 - p_i) + a_ji p_i >= 0` and column
//! sums `-c_j < 0`: -J is a column diagonally dominant M-matrix. Hence the steady state is unique (the
//! flow dp/dt = F contracts in the 1-norm), J is never singular, and LU needs no pivoting.
//! F is quadratic, so along a Newton step d exactly `F(p + t d) = (1 - t) F(p) + t^2 Q(d)`: the step
//! length that is sure to shrink |F| is known without trying any.
//!
//! Every operation works lane by lane, so the bits of a row do not depend on the rows beside it.

/// One value for each of `L` rows that are solved side by side.
pub(super) type Lanes<const L: usize> = [f64; L];

/// Largest number of Newton steps; 12 suffice in practice, the rest is reserve.
const MAX_STEPS: usize = 60;

/// A step smaller than this is the last: convergence is quadratic, so what remains is its square.
const LAST_STEP: f64 = 1e-8;

/// The rates that define the balance equations of `L` rows.
pub(super) struct Balance<const N: usize, const L: usize> {
    /// `a[i][j]`: rate from site j to an empty site i.
    pub a: [[Lanes<L>; N]; N],
    /// Rate from the electrodes into an empty site, summed over the electrodes.
    pub g: [Lanes<L>; N],
    /// Sum of the electrode couplings of a site.
    pub c: [f64; N],
}

/// Unit-diagonal LU factors of `-J`, without pivoting.
pub(super) struct Factors<const N: usize, const L: usize> {
    lu: [[Lanes<L>; N]; N],
}

impl<const N: usize, const L: usize> Balance<N, L> {
    /// Total rate out of site i if all other sites were empty.
    #[inline(always)]
    fn escape(&self) -> [Lanes<L>; N] {
        let mut b = [[0.0; L]; N];
        for i in 0..N {
            b[i] = [self.c[i]; L];
        }
        for j in 0..N {
            for i in 0..N {
                for l in 0..L {
                    b[i][l] += self.a[j][i][l];
                }
            }
        }
        b
    }

    /// `-J` and `F` at the occupation `p`.
    #[inline(always)]
    fn linearise(&self, b: &[Lanes<L>; N], p: &[Lanes<L>; N], m: &mut [[Lanes<L>; N]; N], f: &mut [Lanes<L>; N]) {
        for i in 0..N {
            let mut diag = b[i];
            let mut sum = self.g[i];
            for j in 0..N {
                if j == i {
                    continue;
                }
                for l in 0..L {
                    let d = self.a[j][i][l] - self.a[i][j][l];
                    let jij = self.a[i][j][l] + d * p[i][l];
                    sum[l] += jij * p[j][l];
                    diag[l] -= d * p[j][l];
                    m[i][j][l] = -jij;
                }
            }
            for l in 0..L {
                f[i][l] = sum[l] - b[i][l] * p[i][l];
            }
            m[i][i] = diag;
        }
    }

    /// Occupations of the steady state, and the number of Newton steps taken (the most of all lanes).
    #[inline(always)]
    pub(super) fn steady_state(&self) -> ([Lanes<L>; N], usize) {
        let b = self.escape();
        let mut p = [[0.5; L]; N];
        // One Jacobi sweep from half filling.
        for i in 0..N {
            for l in 0..L {
                let mut inn = 0.0;
                for j in 0..N {
                    inn += self.a[i][j][l];
                }
                let inn = 0.5 * inn + self.g[i][l];
                let out = 0.5 * (b[i][l] - self.c[i]) + (self.c[i] - self.g[i][l]);
                p[i][l] = inn / (inn + out);
            }
        }
        let mut m = [[[0.0; L]; N]; N];
        let mut f = [[0.0; L]; N];
        let mut open = [1.0; L];
        let mut steps = 0;
        while steps < MAX_STEPS {
            steps += 1;
            self.linearise(&b, &p, &mut m, &mut f);
            let mut norm_f = [0.0; L];
            for i in 0..N {
                for l in 0..L {
                    norm_f[l] += f[i][l].abs();
                }
            }
            factorise(&mut m);
            let mut d = f;
            solve(&m, &mut d);
            // Q_i = d_i sum_j (a_ji - a_ij) d_j, the whole of F after a full step.
            let mut norm_q = [0.0; L];
            let mut size = [0.0f64; L];
            for i in 0..N {
                let mut q = [0.0; L];
                for j in 0..N {
                    for l in 0..L {
                        q[l] += (self.a[j][i][l] - self.a[i][j][l]) * d[j][l];
                    }
                }
                for l in 0..L {
                    norm_q[l] += (q[l] * d[i][l]).abs();
                    size[l] = size[l].max(d[i][l].abs());
                }
            }
            let mut t = [0.0; L];
            for l in 0..L {
                let full = if 2.0 * norm_q[l] <= 1.8 * norm_f[l] { 1.0 } else { norm_f[l] / (2.0 * norm_q[l]) };
                t[l] = full * open[l];
            }
            for i in 0..N {
                for l in 0..L {
                    p[i][l] = (p[i][l] + t[l] * d[i][l]).clamp(0.0, 1.0);
                }
            }
            let mut any = false;
            for l in 0..L {
                if !(size[l] > LAST_STEP) {
                    open[l] = 0.0;
                }
                any |= open[l] != 0.0;
            }
            if !any {
                break;
            }
        }
        (p, steps)
    }

    /// Factors of `-J` at `p`.
    pub(super) fn factors(&self, p: &[Lanes<L>; N]) -> Factors<N, L> {
        let mut lu = [[[0.0; L]; N]; N];
        let mut f = [[0.0; L]; N];
        self.linearise(&self.escape(), p, &mut lu, &mut f);
        factorise(&mut lu);
        Factors { lu }
    }

    pub(super) fn residual(&self, p: &[Lanes<L>; N]) -> [Lanes<L>; N] {
        let mut lu = [[[0.0; L]; N]; N];
        let mut f = [[0.0; L]; N];
        self.linearise(&self.escape(), p, &mut lu, &mut f);
        f
    }
}

impl<const N: usize, const L: usize> Factors<N, L> {
    /// Solves `(-J)^T x = rhs` in place.
    pub(super) fn solve_transposed(&self, x: &mut [Lanes<L>; N]) {
        // U^T y = rhs, then L^T x = y; the diagonal of `lu` holds 1 / U_ii.
        for i in 0..N {
            for k in 0..i {
                for l in 0..L {
                    x[i][l] -= self.lu[k][i][l] * x[k][l];
                }
            }
            for l in 0..L {
                x[i][l] *= self.lu[i][i][l];
            }
        }
        for i in (0..N).rev() {
            for k in i + 1..N {
                for l in 0..L {
                    x[i][l] -= self.lu[k][i][l] * x[k][l];
                }
            }
        }
    }
}

/// In-place LU without pivoting, L with unit diagonal; the diagonal of U is replaced by its inverse.
#[inline(always)]
fn factorise<const N: usize, const L: usize>(m: &mut [[Lanes<L>; N]; N]) {
    for k in 0..N {
        for l in 0..L {
            m[k][k][l] = 1.0 / m[k][k][l];
        }
        for i in k + 1..N {
            let pivot = m[k];
            let row = &mut m[i];
            let mut factor = [0.0; L];
            for l in 0..L {
                factor[l] = row[k][l] * pivot[k][l];
            }
            row[k] = factor;
            for j in k + 1..N {
                for l in 0..L {
                    row[j][l] -= factor[l] * pivot[j][l];
                }
            }
        }
    }
}

/// Solves `L U x = rhs` in place.
#[inline(always)]
fn solve<const N: usize, const L: usize>(m: &[[Lanes<L>; N]; N], x: &mut [Lanes<L>; N]) {
    for i in 0..N {
        let mut s = x[i];
        for k in 0..i {
            for l in 0..L {
                s[l] -= m[i][k][l] * x[k][l];
            }
        }
        x[i] = s;
    }
    for i in (0..N).rev() {
        let mut s = x[i];
        for k in i + 1..N {
            for l in 0..L {
                s[l] -= m[i][k][l] * x[k][l];
            }
        }
        for l in 0..L {
            x[i][l] = s[l] * m[i][i][l];
        }
    }
}
