//! A rectangular mesh of Mach-Zehnder interferometers: amplitudes in, amplitudes out, and the exact derivative.
//!
//! The mesh is a row of elements, each a unitary on one or two modes. With x the amplitudes before it:
//!
//! ```text
//! phase shifter s on mode m    x_m -> exp(i phase_s) x_m
//! coupler of modes m, m + 1    x_m     -> cos(eta) x_m + i sin(eta) x_(m+1)
//!                              x_(m+1) -> i sin(eta) x_m + cos(eta) x_(m+1)
//! ```
//!
//! An interferometer is an outer shifter, a coupler, an inner shifter and a coupler, both shifters on its upper
//! mode. With couplers of eta = pi/4 its power goes across by cos^2(phase/2) of the inner phase. Columns of
//! interferometers alternate between modes (0, 1), (2, 3) and (1, 2), as many as there are modes:
//! Clements et al., Optica 3, 1460 (2016).

use num_complex::Complex64;

/// Modes, that is waveguides side by side.
pub(super) const MODES: usize = 4;
/// Upper mode of every interferometer, in the order that light meets them.
const UPPER: [usize; 6] = [0, 2, 1, 0, 2, 1];
/// Phase shifters: an outer one (even) and an inner one (odd) for each interferometer.
pub(super) const SHIFTERS: usize = 2 * UPPER.len();
/// Couplers: one before and one after each inner shifter.
pub(super) const COUPLERS: usize = 2 * UPPER.len();

/// Amplitudes of all modes.
pub(super) type Amplitudes = [Complex64; MODES];

/// The couplers of a mesh; its phases are given with every evaluation.
#[derive(Clone, Debug)]
pub(super) struct Mesh {
    /// Angle eta of every coupler: it sends sin^2(eta) of the power across.
    pub coupler_rad: [f64; COUPLERS],
}

/// Light on its way through the mesh.
pub(super) struct Passage {
    /// Amplitudes at the output ports.
    pub out: Amplitudes,
    /// Amplitude just behind every shifter, on the shifter's mode.
    behind: [Complex64; SHIFTERS],
}

impl Mesh {
    /// Sends `input` through the mesh.
    pub fn pass(&self, phases_rad: &[f64; SHIFTERS], input: Amplitudes) -> Passage {
        let (mut x, mut behind) = (input, [Complex64::ZERO; SHIFTERS]);
        for (s, &phase_rad) in phases_rad.iter().enumerate() {
            let upper = UPPER[s / 2];
            x[upper] *= Complex64::cis(phase_rad);
            behind[s] = x[upper];
            couple(&mut x, upper, self.coupler_rad[s]);
        }
        Passage { out: x, behind }
    }

    /// Derivative of the power at `port` by every phase, for light that has passed with these phases.
    ///
    /// The amplitude at the port is `sum_m b_m x_m` at any place of the mesh, with b what the elements behind
    /// make of the port, so `d|a|^2/dphase = 2 Re(conj(a) i b_m x_m)` just behind the shifter on mode m. All of
    /// a coupler's and a shifter's matrices are symmetric: b comes from the same elements in reverse order.
    pub fn slopes(
        &self,
        phases_rad: &[f64; SHIFTERS],
        passage: &Passage,
        port: usize,
    ) -> [f64; SHIFTERS] {
        let mut b = [Complex64::ZERO; MODES];
        b[port] = Complex64::ONE;
        let mut slopes = [0.0; SHIFTERS];
        for s in (0..SHIFTERS).rev() {
            let upper = UPPER[s / 2];
            couple(&mut b, upper, self.coupler_rad[s]);
            slopes[s] = -2.0 * (passage.out[port].conj() * b[upper] * passage.behind[s]).im;
            b[upper] *= Complex64::cis(phases_rad[s]);
        }
        slopes
    }
}

fn couple(x: &mut Amplitudes, upper: usize, eta_rad: f64) {
    let (across, along) = (Complex64::new(0.0, eta_rad.sin()), eta_rad.cos());
    let (a, b) = (x[upper], x[upper + 1]);
    x[upper] = a * along + b * across;
    x[upper + 1] = a * across + b * along;
}
