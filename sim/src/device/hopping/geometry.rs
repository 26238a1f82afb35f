//! Positions of dopants and electrodes, and the resulting couplings and electrostatics.
//!
//! The active region is a disc of radius 1 with eight electrodes on its rim, every 45 degrees. The
//! potential inside solves Laplace's equation in two dimensions. On the rim it is an electrode's
//! voltage over the electrode's tip and varies linearly over the gap to the next electrode, so that
//! Poisson's integral gives it without a mesh:
//!
//! ```text
//! phi(r) = 1/(2 pi) * integral of (1 - |r|^2) / |r - s|^2 * V(s) ds   over the rim, |s| = 1
//! ```

use super::network::{Network, DRIVEN, ELECTRODES};
use super::params::HoppingParams;
use rand::Rng;
use rand_chacha::{rand_core::SeedableRng, ChaCha8Rng};
use rand_distr::{Distribution, StandardNormal};
use std::f64::consts::TAU;

/// Points of the midpoint rule on the rim. For dopants inside [`PLACEMENT_RADIUS`] its error is below
/// the kinks' at the tips' ends, about 1e-5.
const RIM_POINTS: usize = 2048;

/// Dopants lie within this radius, so that none sits on an electrode.
const PLACEMENT_RADIUS: f64 = 0.95;

/// The required spacing shrinks to zero over this many draws, so that placing always ends.
const PLACEMENT_DRAWS: f64 = 20_000.0;

/// Angle between neighbouring electrodes.
const PITCH: f64 = TAU / ELECTRODES as f64;

/// The network of `N` dopants that `seed` draws. `params` must be valid.
pub(super) fn place<const N: usize>(params: &HoppingParams, seed: u64) -> Network<N> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let sites = positions::<N>(params.min_spacing, &mut rng);
    let disorder_ev = sites.map(|_| {
        let z: f64 = StandardNormal.sample(&mut rng);
        z * params.disorder_ev
    });
    let rate = |distance: f64| (-2.0 * distance / params.localisation).exp();
    Network {
        lever: sites.map(|r| {
            let share = potential_shares(r, params.tip_half_angle);
            std::array::from_fn::<f64, DRIVEN, _>(|k| share[k])
        }),
        disorder_ev,
        hop: std::array::from_fn(|i| {
            std::array::from_fn(|j| if i == j { 0.0 } else { rate(distance(sites[i], sites[j])) })
        }),
        contact: sites.map(|r| {
            std::array::from_fn(|e| {
                params.contact * rate(tip_distance(r, e, params.tip_half_angle))
            })
        }),
        inverse_kt: 1.0 / params.thermal_energy_ev,
    }
}

/// Uniform positions in the disc, no two closer than `min_spacing` as far as there is room.
fn positions<const N: usize>(min_spacing: f64, rng: &mut ChaCha8Rng) -> [[f64; 2]; N] {
    let mut sites = [[0.0; 2]; N];
    let (mut placed, mut draws) = (0, 0.0);
    while placed < N {
        let r = [rng.random_range(-1.0..1.0), rng.random_range(-1.0..1.0)];
        draws += 1.0;
        let spacing = min_spacing * (1.0 - draws / PLACEMENT_DRAWS).max(0.0);
        let crowded = sites[..placed].iter().any(|&other| distance(r, other) < spacing);
        if distance(r, [0.0, 0.0]) <= PLACEMENT_RADIUS && !crowded {
            sites[placed] = r;
            placed += 1;
        }
    }
    sites
}

fn distance(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

/// Distance from `r` to the nearest point of the tip of electrode `e`.
fn tip_distance(r: [f64; 2], e: usize, tip_half_angle: f64) -> f64 {
    let turn = (r[1].atan2(r[0]) - e as f64 * PITCH).rem_euclid(TAU);
    let turn = (turn.min(TAU - turn) - tip_half_angle).max(0.0);
    let radius = distance(r, [0.0, 0.0]);
    (1.0 + radius * radius - 2.0 * radius * turn.cos()).max(0.0).sqrt()
}

/// Share of each electrode's voltage in the potential at `r`; the shares add to 1.
fn potential_shares(r: [f64; 2], tip_half_angle: f64) -> [f64; ELECTRODES] {
    let mut share = [0.0; ELECTRODES];
    for point in 0..RIM_POINTS {
        let angle = (point as f64 + 0.5) * TAU / RIM_POINTS as f64;
        let rim = [angle.cos(), angle.sin()];
        let kernel = (1.0 - r[0] * r[0] - r[1] * r[1]) / distance(r, rim).powi(2);
        let before = (angle / PITCH) as usize % ELECTRODES;
        let into_gap = angle - before as f64 * PITCH - tip_half_angle;
        let next = (into_gap / (PITCH - 2.0 * tip_half_angle)).clamp(0.0, 1.0);
        share[before] += kernel * (1.0 - next);
        share[(before + 1) % ELECTRODES] += kernel * next;
    }
    let sum: f64 = share.iter().sum();
    share.map(|s| s / sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_electrode_has_the_same_share_at_the_centre() {
        for share in potential_shares([0.0, 0.0], 0.1) {
            assert!((share - 1.0 / 8.0).abs() < 1e-12);
        }
    }

    #[test]
    fn potential_solves_laplace_on_the_mean_of_a_circle() {
        // A harmonic function equals its mean over any circle inside the disc.
        let centre = [0.4, -0.3];
        let exact = potential_shares(centre, 0.1);
        let mut mean = [0.0; ELECTRODES];
        for n in 0..64 {
            let a = TAU * n as f64 / 64.0;
            let r = [centre[0] + 0.3 * a.cos(), centre[1] + 0.3 * a.sin()];
            for (m, s) in mean.iter_mut().zip(potential_shares(r, 0.1)) {
                *m += s / 64.0;
            }
        }
        for (m, e) in mean.iter().zip(exact) {
            assert!((m - e).abs() < 1e-5, "{m} {e}");
        }
    }

    #[test]
    fn a_dopant_next_to_an_electrode_feels_mostly_that_electrode() {
        let share = potential_shares([0.0, 0.95], 0.1);
        assert!(share[2] > 0.8, "{share:?}");
        assert!((tip_distance([0.0, 0.95], 2, 0.1) - 0.05).abs() < 1e-12);
    }

    #[test]
    fn placing_ends_even_where_there_is_no_room() {
        let sites = positions::<64>(0.5, &mut ChaCha8Rng::seed_from_u64(1));
        assert!(sites.iter().all(|&r| distance(r, [0.0, 0.0]) <= PLACEMENT_RADIUS));
    }
}
