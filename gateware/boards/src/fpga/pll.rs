//! Dividers of the PLL of each family, from the frequencies of pin and system clock.
//!
//! | family | cell | output | oscillator (MHz) | phase detector (MHz) |
//! |---|---|---|---|---|
//! | iCE40 | `SB_PLL40_PAD`, simple feedback | pin (DIVF + 1) / ((DIVR + 1) 2^DIVQ) | 533 to 1066, output 2^DIVQ | 10 to 133 |
//! | ECP5 | `EHXPLLL`, feedback from CLKOP | pin CLKFB_DIV / CLKI_DIV | 400 to 800, output CLKOP_DIV | 10 to 400 |
//! | Gowin | `rPLL`, internal feedback | pin (FBDIV_SEL + 1) / (IDIV_SEL + 1) | 400 to 1200 (GW1N), 500 to 1250 (GW2A), output ODIV_SEL | 3 to 400, 3 to 500 |
//! | Xilinx | `MMCME2_BASE` | pin MULT / (DIVCLK DIVIDE) | 600 to 1200, output DIVIDE | 10 to 450 |
//!
//! Limits are those of the data sheets, for the slowest grade of the family. Only exact frequencies are used: the instrument reports its
//! clock in whole hertz, the base of all rates. Among several settings the one with the fastest phase detector is chosen
//! (least jitter), then the one with the fastest oscillator.

use super::Fpga;
use thiserror::Error;

/// Families of Gowin parts with known limits.
pub const GOWIN_VARIANTS: [&str; 2] = ["GW1N-9C", "GW2A-18C"];

/// A clock that the PLL cannot make.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("no setting of the {cell} makes {system_hz} Hz from {pin_hz} Hz{nearest}: change clock.system_hz")]
pub struct PllError {
    /// The PLL.
    pub cell: &'static str,
    /// Clock at the pin.
    pub pin_hz: u32,
    /// Wanted.
    pub system_hz: u32,
    /// The nearest possible frequency, or nothing.
    pub nearest: String,
}

/// Dividers: output = pin x `multiply` / (`divide_in` x `divide_out`).
///
/// `divide_out` divides the oscillator, and where feedback is taken behind it (ECP5, Gowin) it is in the loop as well:
/// output = pin x `multiply` / `divide_in`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dividers {
    /// Divider of the pin's clock.
    pub divide_in: u32,
    /// Divider of the feedback.
    pub multiply: u32,
    /// Divider of the oscillator.
    pub divide_out: u32,
}

/// Limits of a PLL, in Hz.
struct Limits {
    cell: &'static str,
    divide_in: std::ops::RangeInclusive<u32>,
    multiply: std::ops::RangeInclusive<u32>,
    divide_out: Vec<u32>,
    /// Feedback is taken after `divide_out`.
    behind: bool,
    detector_hz: [f64; 2],
    oscillator_hz: [f64; 2],
    output_hz: [f64; 2],
}

fn limits(fpga: &Fpga) -> Limits {
    const MHZ: f64 = 1e6;
    match fpga {
        Fpga::Ice40 { .. } => Limits {
            cell: "SB_PLL40_PAD",
            divide_in: 1..=16,
            multiply: 1..=128,
            divide_out: (1..=6).map(|log2| 1 << log2).collect(),
            behind: false,
            detector_hz: [10.0 * MHZ, 133.0 * MHZ],
            oscillator_hz: [533.0 * MHZ, 1066.0 * MHZ],
            output_hz: [16.0 * MHZ, 275.0 * MHZ],
        },
        Fpga::Ecp5 { .. } => Limits {
            cell: "EHXPLLL",
            divide_in: 1..=128,
            multiply: 1..=128,
            divide_out: (1..=128).collect(),
            behind: true,
            detector_hz: [10.0 * MHZ, 400.0 * MHZ],
            oscillator_hz: [400.0 * MHZ, 800.0 * MHZ],
            output_hz: [3.125 * MHZ, 400.0 * MHZ],
        },
        Fpga::Gowin { variant, .. } => {
            let small = variant == GOWIN_VARIANTS[0];
            let (detector, oscillator, output) = if small {
                ([3.0, 400.0], [400.0, 1200.0], [3.125, 600.0])
            } else {
                ([3.0, 500.0], [500.0, 1250.0], [3.90625, 625.0])
            };
            Limits {
                cell: "rPLL",
                divide_in: 1..=64,
                multiply: 1..=64,
                divide_out: vec![2, 4, 8, 16, 32, 48, 64, 80, 96, 112, 128],
                behind: true,
                detector_hz: detector.map(|mhz| mhz * MHZ),
                oscillator_hz: oscillator.map(|mhz| mhz * MHZ),
                output_hz: output.map(|mhz| mhz * MHZ),
            }
        }
        Fpga::Xilinx { .. } => Limits {
            cell: "MMCME2_BASE",
            divide_in: 1..=106,
            multiply: 2..=64,
            divide_out: (1..=128).collect(),
            behind: false,
            detector_hz: [10.0 * MHZ, 450.0 * MHZ],
            oscillator_hz: [600.0 * MHZ, 1200.0 * MHZ],
            output_hz: [4.69 * MHZ, 800.0 * MHZ],
        },
    }
}

/// Dividers for `system_hz` from `pin_hz`; none where both are equal.
///
/// # Errors
/// There are none that make it exactly.
pub fn settings(fpga: &Fpga, pin_hz: u32, system_hz: u32) -> Result<Option<Dividers>, PllError> {
    if pin_hz == system_hz {
        return Ok(None);
    }
    let limits = limits(fpga);
    let pin = f64::from(pin_hz);
    let within = |range: [f64; 2], hz: f64| range[0] <= hz && hz <= range[1];
    let mut best: Option<(f64, f64, Dividers)> = None;
    let mut nearest: Option<f64> = None;
    for divide_in in limits.divide_in.clone() {
        let detector_hz = pin / f64::from(divide_in);
        if !within(limits.detector_hz, detector_hz) {
            continue;
        }
        for multiply in limits.multiply.clone() {
            for &divide_out in &limits.divide_out {
                let loop_hz = detector_hz * f64::from(multiply);
                let (output_hz, oscillator_hz) = if limits.behind {
                    (loop_hz, loop_hz * f64::from(divide_out))
                } else {
                    (loop_hz / f64::from(divide_out), loop_hz)
                };
                if !within(limits.oscillator_hz, oscillator_hz)
                    || !within(limits.output_hz, output_hz)
                {
                    continue;
                }
                let wanted = f64::from(system_hz);
                if nearest.is_none_or(|hz| (output_hz - wanted).abs() < (hz - wanted).abs()) {
                    nearest = Some(output_hz);
                }
                let below = if limits.behind { 1 } else { u64::from(divide_out) };
                let exact = u64::from(pin_hz) * u64::from(multiply)
                    == u64::from(system_hz) * u64::from(divide_in) * below;
                let better = best.as_ref().is_none_or(|(detector, oscillator, _)| {
                    (detector_hz, oscillator_hz) > (*detector, *oscillator)
                });
                if exact && better {
                    let dividers = Dividers { divide_in, multiply, divide_out };
                    best = Some((detector_hz, oscillator_hz, dividers));
                }
            }
        }
    }
    let Some((_, _, dividers)) = best else {
        let nearest = nearest.map(|hz| format!(", the nearest is {hz:.0} Hz")).unwrap_or_default();
        return Err(PllError { cell: limits.cell, pin_hz, system_hz, nearest });
    };
    Ok(Some(dividers))
}

/// `FILTER_RANGE` of an iCE40's PLL: the loop filter for the frequency of its phase detector.
pub fn ice40_filter_range(pin_hz: u32, dividers: Dividers) -> u32 {
    let detector_mhz = f64::from(pin_hz) / f64::from(dividers.divide_in) / 1e6;
    match detector_mhz {
        mhz if mhz < 17.0 => 1,
        mhz if mhz < 26.0 => 2,
        mhz if mhz < 44.0 => 3,
        mhz if mhz < 66.0 => 4,
        mhz if mhz < 101.0 => 5,
        _ => 6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ice40() -> Fpga {
        Fpga::Ice40 { device: "up5k".into(), package: "sg48".into() }
    }

    fn ecp5() -> Fpga {
        Fpga::Ecp5 { device: "25k".into(), package: "CABGA381".into(), speed_grade: 6 }
    }

    fn gowin(variant: &str) -> Fpga {
        Fpga::Gowin { device: "part".into(), variant: variant.into() }
    }

    fn xilinx() -> Fpga {
        Fpga::Xilinx { device: "xc7a35t".into(), package: "csg324".into(), speed_grade: 1 }
    }

    fn made(fpga: &Fpga, pin_hz: u32, system_hz: u32) -> (u32, u32, u32) {
        let dividers = settings(fpga, pin_hz, system_hz).unwrap().unwrap();
        (dividers.divide_in, dividers.multiply, dividers.divide_out)
    }

    #[test]
    fn dividers_are_those_of_the_vendors_calculators() {
        // icepll -i 12 -o 24: DIVR 0, DIVF 63, DIVQ 5, FILTER_RANGE 1; -o 48: DIVF 63, DIVQ 4.
        assert_eq!(made(&ice40(), 12_000_000, 24_000_000), (1, 64, 32));
        assert_eq!(made(&ice40(), 12_000_000, 48_000_000), (1, 64, 16));
        // ecppll -i 25 -o 62.5: CLKI 2, CLKFB 5, CLKOP 10 (625 MHz); ours takes the fastest oscillator, 12 x 62.5 = 750.
        assert_eq!(made(&ecp5(), 25_000_000, 62_500_000), (2, 5, 12));
        // gowin_pll -i 27 -o 108: IDIV_SEL 0, FBDIV_SEL 3, ODIV_SEL 8 (864 MHz).
        assert_eq!(made(&gowin("GW1N-9C"), 27_000_000, 108_000_000), (1, 4, 8));
        // 100 MHz x 8 / 10, and x 12 / 15 with the oscillator at its fastest.
        assert_eq!(made(&xilinx(), 100_000_000, 80_000_000), (1, 12, 15));
    }

    #[test]
    fn the_filter_is_that_of_the_vendors_table() {
        for (pin_hz, divide_in, range) in [
            (12_000_000, 1, 1),
            (25_000_000, 1, 2),
            (25_000_000, 2, 1),
            (100_000_000, 1, 5),
            (133_000_000, 1, 6),
        ] {
            let dividers = Dividers { divide_in, multiply: 1, divide_out: 1 };
            assert_eq!(ice40_filter_range(pin_hz, dividers), range, "{pin_hz}");
        }
    }

    #[test]
    fn every_setting_keeps_the_limits_and_makes_the_clock_exactly() {
        let families = [ice40(), ecp5(), gowin("GW1N-9C"), gowin("GW2A-18C"), xilinx()];
        let mut made = 0;
        for fpga in &families {
            let limits = limits(fpga);
            for pin_hz in [12_000_000, 25_000_000, 27_000_000, 48_000_000, 100_000_000] {
                for system_hz in (20_000_000..=120_000_000).step_by(500_000) {
                    let Ok(Some(dividers)) = settings(fpga, pin_hz, system_hz) else { continue };
                    let Dividers { divide_in, multiply, divide_out } = dividers;
                    let detector = f64::from(pin_hz) / f64::from(divide_in);
                    let at_oscillator = if limits.behind { divide_out } else { 1 };
                    let oscillator = detector * f64::from(multiply * at_oscillator);
                    assert!(
                        (oscillator / f64::from(divide_out) - f64::from(system_hz)).abs() < 0.5
                    );
                    assert!(limits.detector_hz[0] <= detector && detector <= limits.detector_hz[1]);
                    assert!(oscillator >= limits.oscillator_hz[0]);
                    assert!(oscillator <= limits.oscillator_hz[1]);
                    made += 1;
                }
            }
        }
        assert!(made > 500, "{made}");
    }

    #[test]
    fn a_clock_that_cannot_be_made_is_refused_with_the_nearest_one() {
        let message = settings(&ice40(), 12_000_000, 24_000_001).unwrap_err().to_string();
        assert!(message.contains("the nearest is 24000000 Hz"), "{message}");
        let message = settings(&ice40(), 12_000_000, 5_000_000).unwrap_err().to_string();
        assert!(message.contains("SB_PLL40_PAD") && !message.contains('\n'), "{message}");
        assert_eq!(settings(&ecp5(), 25_000_000, 25_000_000), Ok(None));
    }
}
