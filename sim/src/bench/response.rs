//! Gain and phase of a linear stage at one frequency.

/// A complex gain. Of a tone A sin(w n) it makes A (re sin(w n) + im cos(w n)): `re` is what the lock-in
/// reads in phase, `im` in quadrature, and a positive phase leads.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Response {
    /// In phase.
    pub re: f64,
    /// In quadrature.
    pub im: f64,
}

impl Response {
    /// Nothing is changed.
    pub const ONE: Response = Response { re: 1.0, im: 0.0 };

    /// A stage with this gain that leads by this phase.
    pub fn polar(gain: f64, phase_rad: f64) -> Self {
        Response { re: gain * phase_rad.cos(), im: gain * phase_rad.sin() }
    }

    /// |H|.
    pub fn gain(self) -> f64 {
        self.re.hypot(self.im)
    }

    /// arg H, from -pi to pi; negative lags.
    pub fn phase_rad(self) -> f64 {
        self.im.atan2(self.re)
    }

    /// One stage after the other.
    pub fn then(self, next: Response) -> Self {
        Response {
            re: self.re * next.re - self.im * next.im,
            im: self.re * next.im + self.im * next.re,
        }
    }

    /// Two stages side by side, summed.
    pub fn beside(self, other: Response) -> Self {
        Response { re: self.re + other.re, im: self.im + other.im }
    }

    /// The response before a stage, from that after it.
    pub fn over(self, stage: Response) -> Self {
        let conjugate = Response { re: stage.re, im: -stage.im };
        self.then(conjugate).times(1.0 / stage.gain().powi(2))
    }

    /// A stage `factor` times as strong.
    pub fn times(self, factor: f64) -> Self {
        Response { re: self.re * factor, im: self.im * factor }
    }
}

/// Measured response of a stage to tones, for comparison with its closed form.
#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::f64::consts::TAU;

    /// Periods of every tone in [`N`] samples: from far below the sample rate to close to half of it.
    pub const CYCLES: [u32; 6] = [1, 7, 40, 400, 1300, 2040];
    /// Samples that a response is measured over.
    pub const N: usize = 4096;

    /// The tone with this number of periods in [`N`] samples, sample `n`.
    pub fn tone(cycles: u32, n: usize) -> f64 {
        (TAU * f64::from(cycles) * (n % N) as f64 / N as f64).sin()
    }

    /// Response of `stage` to that tone, once `settle` samples have passed.
    pub fn measured(cycles: u32, settle: usize, mut stage: impl FnMut(f64) -> f64) -> Response {
        for n in 0..settle {
            let _ = stage(tone(cycles, n));
        }
        let mut sum = Response { re: 0.0, im: 0.0 };
        for n in settle..settle + N {
            let turn = TAU * f64::from(cycles) * (n % N) as f64 / N as f64;
            let out = stage(tone(cycles, n)) * 2.0 / N as f64;
            sum = sum.beside(Response { re: out * turn.sin(), im: out * turn.cos() });
        }
        sum
    }

    pub fn assert_near(found: Response, wanted: Response, most: f64) {
        let error = found.beside(wanted.times(-1.0)).gain();
        assert!(error <= most * wanted.gain(), "{found:?} is not {wanted:?}");
    }

    #[test]
    fn a_phase_that_leads_is_positive_and_phases_add_up() {
        let lead = Response::polar(2.0, 0.3);
        assert!((lead.phase_rad() - 0.3).abs() < 1e-15 && (lead.gain() - 2.0).abs() < 1e-15);
        let both = lead.then(Response::polar(0.5, -1.0));
        assert!((both.phase_rad() + 0.7).abs() < 1e-15 && (both.gain() - 1.0).abs() < 1e-15);
        let early = measured(40, 0, |_| 0.0);
        assert_eq!(early.gain(), 0.0);
        let mut n = 0;
        let next = measured(40, N, |_| {
            n += 1;
            tone(40, n)
        });
        assert_near(next, Response::polar(1.0, TAU * 40.0 / N as f64), 1e-12);
    }
}
