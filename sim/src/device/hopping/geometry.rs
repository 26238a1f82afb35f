//! Placement of dopants and electrodes; electrostatics of the disc.
use super::network::{Network, DRIVEN, ELECTRODES};
use rand::Rng;
use rand_chacha::{rand_core::SeedableRng, ChaCha8Rng};
use rand_distr::{Distribution, Normal};
use std::f64::consts::PI;

/// Params
#[derive(Clone, Debug)]
pub struct HoppingParams {
    /// kT eV
    pub kt_ev: f64,
    /// eV
    pub disorder_ev: f64,
    /// radii
    pub localisation: f64,
    /// radii
    pub min_distance: f64,
    /// contact factor
    pub contact: f64,
    /// rad half-width of the electrode arcs
    pub half_width: f64,
    /// lever factor
    pub lever: f64,
}

fn angle(e: usize) -> f64 { e as f64 * 2.0 * PI / ELECTRODES as f64 }

/// place
pub fn place<const N: usize>(q: &HoppingParams, seed: u64) -> Network<N> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut pos: Vec<[f64; 2]> = Vec::new();
    let mut tries = 0;
    while pos.len() < N {
        let x = rng.random_range(-1.0..1.0f64);
        let y = rng.random_range(-1.0..1.0f64);
        tries += 1;
        let dmin = q.min_distance * (1.0 - (tries as f64 / 20000.0)).max(0.0);
        if x.hypot(y) > 0.95 { continue; }
        if pos.iter().any(|p| (p[0] - x).hypot(p[1] - y) < dmin) { continue; }
        pos.push([x, y]);
    }
    let normal = Normal::new(0.0, q.disorder_ev).unwrap();
    let mut n = Network { lever: [[0.0; DRIVEN]; N], disorder_ev: [0.0; N], hop: [[0.0; N]; N], contact: [[0.0; ELECTRODES]; N], inverse_kt: 1.0 / q.kt_ev };
    for i in 0..N {
        n.disorder_ev[i] = normal.sample(&mut rng);
        let w = weights(pos[i], q.half_width);
        for k in 0..DRIVEN { n.lever[i][k] = w[k] * q.lever; }
        for j in 0..N {
            if j != i {
                let r = (pos[i][0] - pos[j][0]).hypot(pos[i][1] - pos[j][1]);
                n.hop[i][j] = (-2.0 * r / q.localisation).exp();
            }
        }
        for e in 0..ELECTRODES {
            let (r, a) = (pos[i][0].hypot(pos[i][1]), pos[i][1].atan2(pos[i][0]));
            let mut da = (a - angle(e)).rem_euclid(2.0 * PI);
            if da > PI { da = 2.0 * PI - da; }
            let da = (da - q.half_width).max(0.0);
            let d = (1.0 + r * r - 2.0 * r * da.cos()).max(0.0).sqrt();
            n.contact[i][e] = q.contact * (-2.0 * d / q.localisation).exp();
        }
    }
    n
}

fn weights(p: [f64; 2], half: f64) -> [f64; ELECTRODES] {
    let mut w = [0.0; ELECTRODES];
    let m = 2048;
    let pitch = 2.0 * PI / ELECTRODES as f64;
    let r2 = p[0] * p[0] + p[1] * p[1];
    for s in 0..m {
        let t = (s as f64 + 0.5) * 2.0 * PI / m as f64;
        let k = (1.0 - r2) / ((p[0] - t.cos()).powi(2) + (p[1] - t.sin()).powi(2)) / m as f64;
        let e = (t / pitch).floor() as usize % ELECTRODES;
        let frac = t - e as f64 * pitch;
        let share = ((frac - half) / (pitch - 2.0 * half)).clamp(0.0, 1.0);
        w[e] += k * (1.0 - share);
        w[(e + 1) % ELECTRODES] += k * share;
    }
    let s: f64 = w.iter().sum();
    w.map(|v| v / s)
}
