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
//! interferometers alternate between modes (0, 1), (2, 3), ... and (1, 2), (3, 4), ..., as many as there are modes:
//! Clements et al., Optica 3, 1460 (2016). N modes have N (N - 1) / 2 interferometers, hence N (N - 1) shifters and as
//! many couplers.

use num_complex::Complex64;

/// The couplers of a mesh, one behind every shifter; its phases are given with every evaluation. `SHIFTERS` is
/// `MODES (MODES - 1)`: an outer one (even) and an inner one (odd) for each interferometer, in the order that light meets them.
#[derive(Clone, Debug)]
pub(super) struct Mesh<const MODES: usize, const SHIFTERS: usize> {
    couplers: [Coupler; SHIFTERS],
}

#[derive(Clone, Copy, Debug)]
struct Coupler {
    /// cos(eta).
    along: f64,
    /// i sin(eta).
    across: Complex64,
}

/// Light on its way through a mesh.
pub(super) struct Passage<const MODES: usize, const SHIFTERS: usize> {
    /// Amplitudes at the output ports.
    pub out: [Complex64; MODES],
    /// Factor of every shifter.
    turns: [Complex64; SHIFTERS],
    /// Amplitude just behind every shifter, on the shifter's mode.
    behind: [Complex64; SHIFTERS],
}

impl<const MODES: usize, const SHIFTERS: usize> Mesh<MODES, SHIFTERS> {
    /// Mode of every shifter, the upper one of its interferometer.
    const UPPER: [usize; SHIFTERS] = upper_modes::<MODES, SHIFTERS>();

    /// The mesh whose couplers have these angles eta: each sends sin^2(eta) of the power across.
    pub fn new(coupler_rad: [f64; SHIFTERS]) -> Self {
        let coupler = |eta_rad: f64| Coupler {
            along: eta_rad.cos(),
            across: Complex64::new(0.0, eta_rad.sin()),
        };
        Mesh { couplers: coupler_rad.map(coupler) }
    }

    /// Sends `input` through the mesh.
    pub fn pass(
        &self,
        phases_rad: &[f64; SHIFTERS],
        input: [Complex64; MODES],
    ) -> Passage<MODES, SHIFTERS> {
        let (mut x, mut behind) = (input, [Complex64::ZERO; SHIFTERS]);
        let turns = phases_rad.map(Complex64::cis);
        for s in 0..SHIFTERS {
            let upper = Self::UPPER[s];
            x[upper] *= turns[s];
            behind[s] = x[upper];
            self.couplers[s].couple(&mut x, upper);
        }
        Passage { out: x, turns, behind }
    }

    /// Derivative of the power at `port` by every phase, for light that has passed, and the amplitude there of a unit of light in each
    /// input port: the row of the mesh's matrix.
    ///
    /// The amplitude at the port is `sum_m b_m x_m` at any place of the mesh, with b what the elements behind
    /// make of the port, so `d|a|^2/dphase = 2 Re(conj(a) i b_m x_m)` just behind the shifter on mode m. All of
    /// a coupler's and a shifter's matrices are symmetric: b comes from the same elements in reverse order.
    pub fn slopes(
        &self,
        passage: &Passage<MODES, SHIFTERS>,
        port: usize,
    ) -> ([f64; SHIFTERS], [Complex64; MODES]) {
        let mut b = [Complex64::ZERO; MODES];
        b[port] = Complex64::ONE;
        let mut slopes = [0.0; SHIFTERS];
        for s in (0..SHIFTERS).rev() {
            let upper = Self::UPPER[s];
            self.couplers[s].couple(&mut b, upper);
            slopes[s] = -2.0 * (passage.out[port].conj() * b[upper] * passage.behind[s]).im;
            b[upper] *= passage.turns[s];
        }
        (slopes, b)
    }
}

#[cfg(test)]
impl<const MODES: usize, const SHIFTERS: usize> Mesh<MODES, SHIFTERS> {
    /// Angles of all couplers.
    pub fn couplers_rad(&self) -> [f64; SHIFTERS] {
        self.couplers.map(|coupler| coupler.across.im.atan2(coupler.along))
    }
}

impl Coupler {
    fn couple(self, x: &mut [Complex64], upper: usize) {
        let (a, b) = (x[upper], x[upper + 1]);
        x[upper] = a * self.along + b * self.across;
        x[upper + 1] = a * self.across + b * self.along;
    }
}

const fn upper_modes<const MODES: usize, const SHIFTERS: usize>() -> [usize; SHIFTERS] {
    let mut upper = [0; SHIFTERS];
    let (mut column, mut shifter) = (0, 0);
    while column < MODES {
        let mut mode = column % 2;
        while mode + 1 < MODES {
            upper[shifter] = mode;
            upper[shifter + 1] = mode;
            shifter += 2;
            mode += 2;
        }
        column += 1;
    }
    assert!(shifter == SHIFTERS, "N modes have N (N - 1) shifters");
    upper
}
