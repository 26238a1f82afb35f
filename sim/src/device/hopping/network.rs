//! The dopant network: rates from voltages, currents from occupations, exact Jacobian.

use super::newton::{Balance, Lanes};

/// Driven electrodes.
pub(super) const DRIVEN: usize = 7;
/// All electrodes; the last is the grounded output.
pub(super) const ELECTRODES: usize = 8;
/// Index of the grounded output electrode.
pub(super) const OUTPUT: usize = 7;

/// Exponents are held inside this range so that no product of two can overflow.
const MAX_EXPONENT: f64 = 300.0;

/// A dopant network with `N` sites, in eV and relative rates.
#[derive(Clone, Debug)]
pub struct Network<const N: usize> {
    /// Share of each driven electrode's voltage that a site feels.
    pub lever: [[f64; DRIVEN]; N],
    /// Disorder energy in eV.
    pub disorder_ev: [f64; N],
    /// Symmetric hopping prefactor between sites.
    pub hop: [[f64; N]; N],
    /// Tunnelling prefactor between a site and each electrode.
    pub contact: [[f64; ELECTRODES]; N],
    /// 1 / kT in 1/eV.
    pub inverse_kt: f64,
}

/// State.
pub struct State<const N: usize, const L: usize> {
    u: [Lanes<L>; N],
    mu: [Lanes<L>; ELECTRODES],
    balance: Balance<N, L>,
    p: [Lanes<L>; N],
    /// steps
    pub steps: usize,
}

impl<const N: usize> Network<N> {
    /// solve
    #[inline(always)]
    pub fn solve<const L: usize>(&self, v: &[Lanes<L>; DRIVEN]) -> State<N, L> {
        let mut u = [[0.0; L]; N];
        let mut mu = [[1.0; L]; ELECTRODES];
        for k in 0..DRIVEN {
            for l in 0..L {
                mu[k][l] = (v[k][l] * self.inverse_kt).clamp(-MAX_EXPONENT, MAX_EXPONENT).exp();
            }
        }
        for i in 0..N {
            for l in 0..L {
                let mut e = self.disorder_ev[i];
                for k in 0..DRIVEN {
                    e += self.lever[i][k] * v[k][l];
                }
                u[i][l] = (e * self.inverse_kt).clamp(-MAX_EXPONENT, MAX_EXPONENT).exp();
            }
        }
        let mut a = [[[0.0; L]; N]; N];
        for i in 0..N {
            for j in 0..i {
                for l in 0..L {
                    let w = self.hop[i][j] / (u[i][l] + u[j][l]);
                    a[i][j][l] = w * u[j][l];
                    a[j][i][l] = w * u[i][l];
                }
            }
        }
        let mut g = [[0.0; L]; N];
        let mut c = [0.0; N];
        for i in 0..N {
            for e in 0..ELECTRODES {
                c[i] += self.contact[i][e];
                for l in 0..L {
                    g[i][l] += self.contact[i][e] * mu[e][l] / (mu[e][l] + u[i][l]);
                }
            }
        }
        let balance = Balance { a, g, c };
        let (p, steps) = balance.steady_state();
        State { u, mu, balance, p, steps }
    }

    /// Current out of the device into electrode `e`, relative units.
    #[inline(always)]
    pub fn current<const L: usize>(&self, s: &State<N, L>, e: usize) -> Lanes<L> {
        let mut out = [0.0; L];
        for i in 0..N {
            for l in 0..L {
                let f = s.mu[e][l] / (s.mu[e][l] + s.u[i][l]);
                out[l] += self.contact[i][e] * (s.p[i][l] - f);
            }
        }
        out
    }

    /// dI/dV
    pub fn gradient(&self, s: &State<N, 1>) -> [f64; DRIVEN] {
        // adjoint: I = sum c_io (p_i - f_io(x)); dI = c.dp + partial; J dp = -dF  => dp = (-J)^-1 dF
        let factors = s.balance.factors(&s.p);
        let mut lambda = [[0.0]; N];
        for i in 0..N {
            lambda[i][0] = self.contact[i][OUTPUT];
        }
        factors.solve_transposed(&mut lambda);
        // derivatives with respect to the reduced site energies and electrode levels
        let mut by_site = [0.0; N];
        let mut by_level = [0.0; ELECTRODES];
        for i in 0..N {
            for e in 0..ELECTRODES {
                let sum = s.mu[e][0] + s.u[i][0];
                let slope = self.contact[i][e] * (s.mu[e][0] / sum) * (s.u[i][0] / sum);
                let w = lambda[i][0] - if e == OUTPUT { 1.0 } else { 0.0 };
                by_site[i] -= w * slope;
                by_level[e] += w * slope;
            }
            for j in 0..i {
                // d s_ij / dx_j = s_ij s_ji; flow j->i: hop*(s_ij pj(1-pi) - s_ji pi(1-pj))
                let aij = s.balance.a[i][j][0];
                let aji = s.balance.a[j][i][0];
                if self.hop[i][j] == 0.0 {
                    continue;
                }
                let slope = aij * aji / self.hop[i][j];
                let (pi, pj) = (s.p[i][0], s.p[j][0]);
                let flow = slope * (pj * (1.0 - pi) + pi * (1.0 - pj)) * (lambda[i][0] - lambda[j][0]);
                by_site[j] += flow;
                by_site[i] -= flow;
            }
        }
        let mut out = [0.0; DRIVEN];
        for k in 0..DRIVEN {
            let mut sum = by_level[k];
            for i in 0..N {
                sum += by_site[i] * self.lever[i][k];
            }
            out[k] = sum * self.inverse_kt;
        }
        out
    }
    /// residual for tests
    pub fn residual<const L: usize>(&self, s: &State<N, L>) -> f64 {
        s.balance.residual(&s.p).iter().flatten().fold(0.0, |m, v| v.abs().max(m))
    }
}
