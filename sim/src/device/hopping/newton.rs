//! Steady state of the mean-field balance equations, by damped Newton on several rows at once.
//!
//! With `a_ij` the rate from site j to an empty site i, `g_i` the rate from all electrodes into an
//! empty site i and `c_i` the sum of its tunnelling prefactors, the balance of site i is
//!
//! ```text
//! F_i(p) = sum_j [ a_ij p_j (1 - p_i) - a_ji p_i (1 - p_j) ] + g_i - c_i p_i = 0
//! ```
//!
//! - Uniqueness: for p in the unit box the Jacobian J has off-diagonals `a_ij (1 - p_i) + a_ji p_i >= 0`
//!   and column sums `-c_j < 0`. So dp/dt = F contracts in the 1-norm and never leaves the box: there
//!   is exactly one steady state, hence no hysteresis, and a row needs no memory of earlier rows.
//! - Stability: -J is a column diagonally dominant M-matrix, so LU needs no pivoting.
//! - Damping: F is quadratic, so along a Newton step d exactly `F(p + t d) = (1 - t) F(p) + t^2 Q(d)`
//!   with `Q_i = d_i sum_j (a_ji - a_ij) d_j`. The t in (0, 1] that minimises the bound
//!   `(1 - t) |F| + t^2 |Q|` always lowers |F| and needs no trial.
//!
//! Every operation works lane by lane and a converged lane no longer changes, so the bits of a row
//! do not depend on other rows.

// Index loops mirror the formulas, and over lanes they are what the compiler vectorises.
#![allow(clippy::needless_range_loop)]

/// One value for each of the `L` rows that are solved side by side.
pub(super) type Lanes<const L: usize> = [f64; L];

/// Bound on the Newton steps. Four or five suffice; the tests hold extreme voltages to twelve.
const MAX_STEPS: usize = 60;

/// A step smaller than this is the last: convergence is quadratic, what remains is about its square.
const LAST_STEP: f64 = 1e-8;

/// The rates that define the balance equations of `L` rows.
pub(super) struct Balance<const N: usize, const L: usize> {
    /// `a[i][j]`: rate from site j to an empty site i; zero on the diagonal.
    pub a: [[Lanes<L>; N]; N],
    /// Rate from all electrodes into an empty site.
    pub g: [Lanes<L>; N],
    /// Sum of a site's tunnelling prefactors.
    pub c: [f64; N],
}

/// LU factors of `-J`: L with unit diagonal, the diagonal of U replaced by its inverse.
pub(super) struct Factors<const N: usize, const L: usize> {
    lu: [[Lanes<L>; N]; N],
}

impl<const N: usize, const L: usize> Balance<N, L> {
    /// Occupations of the steady state, and the number of Newton steps taken (the most of all lanes).
    #[inline(always)]
    pub(super) fn steady_state(&self) -> ([Lanes<L>; N], usize) {
        let escape = self.escape();
        let mut p = self.guess(&escape);
        let mut factors = Factors::new();
        let mut open = [1.0; L];
        for step in 1..=MAX_STEPS {
            let flows = self.linearise(&escape, &p, &mut factors.lu);
            factors.eliminate();
            let d = factors.solve(flows);
            let length = self.step_length(&flows, &d);
            let mut size = [0.0f64; L];
            for i in 0..N {
                for l in 0..L {
                    p[i][l] = (p[i][l] + open[l] * length[l] * d[i][l]).clamp(0.0, 1.0);
                    size[l] = size[l].max(d[i][l].abs());
                }
            }
            for l in 0..L {
                if size[l] <= LAST_STEP {
                    open[l] = 0.0;
                }
            }
            if open == [0.0; L] {
                return (p, step);
            }
        }
        (p, MAX_STEPS)
    }

    /// Factors of `-J` at the occupation `p`.
    pub(super) fn factors(&self, p: &[Lanes<L>; N]) -> Factors<N, L> {
        let mut factors = Factors::new();
        self.linearise(&self.escape(), p, &mut factors.lu);
        factors.eliminate();
        factors
    }

    /// Net flow F into every site at the occupation `p`.
    #[cfg(test)]
    pub(super) fn flows(&self, p: &[Lanes<L>; N]) -> [Lanes<L>; N] {
        self.linearise(&self.escape(), p, &mut Factors::new().lu)
    }

    /// Rate out of a site if all others were empty, the filled electrodes counted as empty too.
    #[inline(always)]
    fn escape(&self) -> [Lanes<L>; N] {
        let mut escape = [[0.0; L]; N];
        for i in 0..N {
            escape[i] = [self.c[i]; L];
            for j in 0..N {
                for l in 0..L {
                    escape[i][l] += self.a[j][i][l];
                }
            }
        }
        escape
    }

    /// First guess: what each site would hold between half-filled neighbours.
    #[inline(always)]
    fn guess(&self, escape: &[Lanes<L>; N]) -> [Lanes<L>; N] {
        let mut p = [[0.0; L]; N];
        for i in 0..N {
            let mut inward = [0.0; L];
            for j in 0..N {
                for l in 0..L {
                    inward[l] += self.a[i][j][l];
                }
            }
            for l in 0..L {
                let to_sites = escape[i][l] - self.c[i];
                let filling = 0.5 * inward[l] + self.g[i][l];
                p[i][l] = filling / (0.5 * (inward[l] + to_sites) + self.c[i]);
            }
        }
        p
    }

    /// F at the occupation `p`, and `-J` in place of `minus_j`.
    #[inline(always)]
    fn linearise(
        &self,
        escape: &[Lanes<L>; N],
        p: &[Lanes<L>; N],
        minus_j: &mut [[Lanes<L>; N]; N],
    ) -> [Lanes<L>; N] {
        let mut flows = [[0.0; L]; N];
        for i in 0..N {
            let mut diagonal = escape[i];
            let mut flow = self.g[i];
            for j in 0..N {
                for l in 0..L {
                    let bias = self.a[j][i][l] - self.a[i][j][l];
                    let j_ij = self.a[i][j][l] + bias * p[i][l];
                    flow[l] += j_ij * p[j][l];
                    diagonal[l] -= bias * p[j][l];
                    minus_j[i][j][l] = -j_ij;
                }
            }
            for l in 0..L {
                flows[i][l] = flow[l] - escape[i][l] * p[i][l];
            }
            minus_j[i][i] = diagonal;
        }
        flows
    }

    /// The share t of the Newton step `d` to take.
    #[inline(always)]
    fn step_length(&self, flows: &[Lanes<L>; N], d: &[Lanes<L>; N]) -> Lanes<L> {
        let mut norm_f = [0.0; L];
        let mut norm_q = [0.0; L];
        for i in 0..N {
            let mut q = [0.0; L];
            for j in 0..N {
                for l in 0..L {
                    q[l] += (self.a[j][i][l] - self.a[i][j][l]) * d[j][l];
                }
            }
            for l in 0..L {
                norm_f[l] += flows[i][l].abs();
                norm_q[l] += (q[l] * d[i][l]).abs();
            }
        }
        let mut t = [1.0; L];
        for l in 0..L {
            if 2.0 * norm_q[l] > norm_f[l] {
                t[l] = norm_f[l] / (2.0 * norm_q[l]);
            }
        }
        t
    }
}

impl<const N: usize, const L: usize> Factors<N, L> {
    fn new() -> Self {
        Factors { lu: [[[0.0; L]; N]; N] }
    }

    /// Gaussian elimination of `-J`, without pivoting, in its place.
    #[inline(always)]
    fn eliminate(&mut self) {
        let m = &mut self.lu;
        for k in 0..N {
            for l in 0..L {
                m[k][k][l] = 1.0 / m[k][k][l];
            }
            let pivot = m[k];
            for i in k + 1..N {
                let row = &mut m[i];
                for l in 0..L {
                    row[k][l] *= pivot[k][l];
                }
                let factor = row[k];
                for j in k + 1..N {
                    for l in 0..L {
                        row[j][l] -= factor[l] * pivot[j][l];
                    }
                }
            }
        }
    }

    /// The x of `-J x = rhs`.
    #[inline(always)]
    fn solve(&self, rhs: [Lanes<L>; N]) -> [Lanes<L>; N] {
        let mut x = rhs;
        for i in 0..N {
            let mut sum = x[i];
            for k in 0..i {
                for l in 0..L {
                    sum[l] -= self.lu[i][k][l] * x[k][l];
                }
            }
            x[i] = sum;
        }
        for i in (0..N).rev() {
            let mut sum = x[i];
            for k in i + 1..N {
                for l in 0..L {
                    sum[l] -= self.lu[i][k][l] * x[k][l];
                }
            }
            for l in 0..L {
                x[i][l] = sum[l] * self.lu[i][i][l];
            }
        }
        x
    }

    /// The x of `(-J)^T x = rhs`, in place of `rhs`.
    pub(super) fn solve_transposed(&self, x: &mut [Lanes<L>; N]) {
        for i in 0..N {
            for l in 0..L {
                for k in 0..i {
                    x[i][l] -= self.lu[k][i][l] * x[k][l];
                }
                x[i][l] *= self.lu[i][i][l];
            }
        }
        for i in (0..N).rev() {
            for l in 0..L {
                for k in i + 1..N {
                    x[i][l] -= self.lu[k][i][l] * x[k][l];
                }
            }
        }
    }
}
