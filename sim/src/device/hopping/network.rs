//! The dopant network: rates from voltages, currents from occupations, exact derivative.
//!
//! Energies are those of a carrier of charge +e. Site i lies at `E_i = eps_i + e phi_i(V)`, electrode e
//! is a reservoir filled up to `e V_e`. Rates, each in detailed balance:
//!
//! ```text
//! j -> i              a_ij = exp(-2 r_ij / xi) / (1 + exp((E_i - E_j) / kT))
//! electrode e -> i    exp(-2 d_ie / xi) f_ie,       f_ie = 1 / (1 + exp((E_i - e V_e) / kT))
//! i -> electrode e    exp(-2 d_ie / xi) (1 - f_ie)
//! ```
//!
//! The first is the Miller-Abrahams rate `min(1, exp(-dE / kT))` with its corner at dE = 0 rounded over
//! kT: it has the same limits on both sides and the same ratio to its reverse, and a continuous
//! derivative, without which there would be no gradient to extract.
//! Miller and Abrahams, Phys. Rev. 120, 745 (1960). Dopant networks as logic by variable-range hopping:
//! Tertilt et al., Phys. Rev. Applied 17, 064025 (2022), there with interacting charges and by kinetic
//! Monte Carlo.

// Index loops mirror the formulas, and over lanes they are what the compiler vectorises.
#![allow(clippy::needless_range_loop)]

use super::newton::{Balance, Lanes};
use rten_simd::{Isa, SimdOp};

/// Electrodes that are driven.
pub(super) const DRIVEN: usize = 7;
/// All electrodes: the driven ones and the output.
pub(super) const ELECTRODES: usize = DRIVEN + 1;
/// Index of the output, which is held at 0 V.
pub(super) const OUTPUT: usize = DRIVEN;

/// Energies in units of kT are held within this, so that no exponential overflows: 3.6 eV at the
/// default temperature, 1.5 eV at the lowest legal one. Beyond it voltages have no further effect.
const MAX_EXPONENT: f64 = 300.0;

/// A network of `N` dopants: energies in eV, rates relative to the attempt frequency.
#[derive(Clone, Debug)]
pub(super) struct Network<const N: usize> {
    /// Share of each driven electrode's voltage in the potential of a site.
    pub lever: [[f64; DRIVEN]; N],
    /// Disorder energy of each site in eV.
    pub disorder_ev: [f64; N],
    /// Symmetric prefactor of hops between two sites, zero on the diagonal.
    pub hop: [[f64; N]; N],
    /// Prefactor of tunnelling between a site and each electrode.
    pub contact: [[f64; ELECTRODES]; N],
    /// 1 / kT in 1/eV.
    pub inverse_kt: f64,
}

/// The steady state of `L` rows, with the voltages from which it was solved.
pub(super) struct State<const N: usize, const L: usize> {
    /// exp(E_i / kT).
    site: [Lanes<L>; N],
    /// exp(e V_e / kT).
    level: [Lanes<L>; ELECTRODES],
    balance: Balance<N, L>,
    occupation: [Lanes<L>; N],
    /// Newton steps taken, the most of all lanes.
    #[cfg_attr(not(test), allow(dead_code))]
    pub steps: usize,
}

/// A solution with the widest vectors of the processor. Operations and their order are the same for all, and so are the bits.
struct Solution<'a, const N: usize, const L: usize> {
    network: &'a Network<N>,
    voltages_v: &'a [Lanes<L>; DRIVEN],
}

impl<const N: usize, const L: usize> SimdOp for Solution<'_, N, L> {
    type Output = State<N, L>;

    #[inline(always)]
    fn eval<I: Isa>(self, _: I) -> State<N, L> {
        self.network.steady_state(self.voltages_v)
    }
}

impl<const N: usize> Network<N> {
    /// Steady state of `L` rows; `voltages_v[k][l]` is the voltage of electrode k in row l.
    pub(super) fn solve<const L: usize>(&self, voltages_v: &[Lanes<L>; DRIVEN]) -> State<N, L> {
        Solution { network: self, voltages_v }.dispatch()
    }

    #[inline(always)]
    fn steady_state<const L: usize>(&self, voltages_v: &[Lanes<L>; DRIVEN]) -> State<N, L> {
        let boltzmann =
            |energy_ev: f64| (energy_ev * self.inverse_kt).clamp(-MAX_EXPONENT, MAX_EXPONENT).exp();
        let mut level = [[1.0; L]; ELECTRODES];
        for k in 0..DRIVEN {
            for l in 0..L {
                level[k][l] = boltzmann(voltages_v[k][l]);
            }
        }
        let mut site = [[0.0; L]; N];
        for i in 0..N {
            for l in 0..L {
                let mut energy_ev = self.disorder_ev[i];
                for k in 0..DRIVEN {
                    energy_ev += self.lever[i][k] * voltages_v[k][l];
                }
                site[i][l] = boltzmann(energy_ev);
            }
        }
        let mut a = [[[0.0; L]; N]; N];
        for i in 0..N {
            for j in 0..i {
                for l in 0..L {
                    // 1 / (1 + exp(x_i - x_j)) = exp(x_j) / (exp(x_i) + exp(x_j))
                    let w = self.hop[i][j] / (site[i][l] + site[j][l]);
                    a[i][j][l] = w * site[j][l];
                    a[j][i][l] = w * site[i][l];
                }
            }
        }
        let mut g = [[0.0; L]; N];
        let mut c = [0.0; N];
        for i in 0..N {
            for e in 0..ELECTRODES {
                c[i] += self.contact[i][e];
                for l in 0..L {
                    g[i][l] += self.contact[i][e] * level[e][l] / (level[e][l] + site[i][l]);
                }
            }
        }
        let balance = Balance { a, g, c };
        let (occupation, steps) = balance.steady_state();
        State { site, level, balance, occupation, steps }
    }

    /// Current from the device into electrode `e`, in relative rates.
    pub(super) fn current_into<const L: usize>(&self, state: &State<N, L>, e: usize) -> Lanes<L> {
        let mut current = [0.0; L];
        for i in 0..N {
            for l in 0..L {
                let filled = state.level[e][l] / (state.level[e][l] + state.site[i][l]);
                current[l] += self.contact[i][e] * (state.occupation[i][l] - filled);
            }
        }
        current
    }

    /// Derivative of the output current with respect to the driven voltages, in relative rates per volt.
    ///
    /// Implicit function theorem: with I = I(p, V) and F(p, V) = 0,
    /// `dI/dV = I_V + lambda . F_V` where `(-J)^T lambda = I_p`. One transposed solve serves all voltages.
    pub(super) fn output_slopes(&self, state: &State<N, 1>) -> [f64; DRIVEN] {
        let p = state.occupation.map(|[p]| p);
        let mut lambda = self.contact.map(|contact| [contact[OUTPUT]]);
        state.balance.factors(&state.occupation).solve_transposed(&mut lambda);
        // Derivatives with respect to the reduced site energies and electrode levels.
        let mut by_site = [0.0; N];
        let mut by_level = [0.0; ELECTRODES];
        for i in 0..N {
            for e in 0..ELECTRODES {
                let (level, site) = (state.level[e][0], state.site[i][0]);
                let slope = self.contact[i][e] * (level / (level + site)) * (site / (level + site));
                let weight = if e == OUTPUT { lambda[i][0] - 1.0 } else { lambda[i][0] };
                by_site[i] -= weight * slope;
                by_level[e] += weight * slope;
            }
            for j in 0..i {
                if self.hop[i][j] > 0.0 {
                    // d a_ij / d x_j = a_ij a_ji / hop, and the opposite for a_ji.
                    let slope =
                        state.balance.a[i][j][0] * state.balance.a[j][i][0] / self.hop[i][j];
                    let exchange = p[j] * (1.0 - p[i]) + p[i] * (1.0 - p[j]);
                    let flow = slope * exchange * (lambda[i][0] - lambda[j][0]);
                    by_site[j] += flow;
                    by_site[i] -= flow;
                }
            }
        }
        std::array::from_fn(|k| {
            let mut sum = by_level[k];
            for i in 0..N {
                sum += by_site[i] * self.lever[i][k];
            }
            sum * self.inverse_kt
        })
    }

    /// Largest net flow into a site, which the steady state makes zero.
    #[cfg(test)]
    pub(super) fn imbalance<const L: usize>(&self, state: &State<N, L>) -> f64 {
        let flows = state.balance.flows(&state.occupation);
        flows.iter().flatten().fold(0.0, |most, f| f.abs().max(most))
    }
}
