//! Registers as quantities: by name, in SI units.
//!
//! `settle` is a register, `tuning[3]` one of an array, `guard[2].high` one of an output's four words. The
//! value of a register is printed and parsed in the SI unit of its kind:
//!
//! | unit of the last bit | unit of the value | conversion |
//! |---|---|---|
//! | sample, clock | s | sample period, system clock |
//! | code | V, for `overcurrent` A | the range of the DAC's output; the ADC's range and the I-V converter |
//! | code/65536 a sample | V/s | the DAC's widest range and the sample rate |
//! | 2^-32 turn a sample | Hz | the sample rate |
//! | 32 code^2 | A^2 | the ADC's range and the I-V converter |
//! | f32 | V, for a gain V/nA | - |
//! | Hz, others | Hz, bare | - |
//!
//! Steps in codes that hold for all outputs are converted for the output with the widest range: the others step by less. If the instrument
//! has no analogue scale, codes are printed as codes, and accepted only as `raw:`.

use crate::scale::{OvercurrentError, Scale, HALF_RANGE_CODES, NO_SCALE};
use crate::text::number;
use hge_protocol::number::LOSS_UNIT_CODES2;
use hge_protocol::registers::{self as map, Register};
use thiserror::Error;

/// Fields of an output's four words in `guard`.
const GUARD_FIELDS: [&str; 4] = ["low", "high", "safe", "code"];

/// A name or a value without a meaning.
#[derive(Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum QuantityError {
    /// No such register.
    #[error("there is no register `{name}`{}: `hge regs` lists them all", .near.map_or(String::new(), |near| format!(", perhaps `{near}`")))]
    Name {
        /// Asked for.
        name: String,
        /// The nearest there is.
        near: Option<&'static str>,
    },
    /// The index or field is wrong.
    #[error("`{name}` is not an entry of {register}: write {example}")]
    Place {
        /// Asked for.
        name: String,
        /// The register.
        register: &'static str,
        /// A valid example.
        example: String,
    },
    /// The value is no number of this kind.
    #[error("`{text}` is not a value of {register}: write a number{}, or raw: and the register's word", if .unit.is_empty() { String::new() } else { format!(" in {}, optionally with unit or prefix", .unit) })]
    Value {
        /// Asked for.
        text: String,
        /// The register.
        register: &'static str,
        /// Unit it is given in.
        unit: &'static str,
    },
    /// A voltage or a current without an analogue scale.
    #[error("{register} in {unit}: {NO_SCALE}; or write raw: and the register's word")]
    NoScale {
        /// The register.
        register: &'static str,
        /// Unit it would be given in.
        unit: &'static str,
    },
    /// See [`OvercurrentError`].
    #[error(transparent)]
    Overcurrent(#[from] OvercurrentError),
    /// The value does not fit.
    #[error("{text} is out of range for {register}: it takes {lowest} to {highest} {unit}")]
    Range {
        /// Asked for.
        text: String,
        /// The register.
        register: &'static str,
        /// Least value.
        lowest: String,
        /// Greatest value.
        highest: String,
        /// Unit of both.
        unit: &'static str,
    },
}

/// One register, found by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The register or array.
    pub register: &'static Register,
    /// Index within an array.
    pub index: u16,
}

/// Context of a quantity besides its register.
#[derive(Clone, Debug, PartialEq)]
pub struct Context {
    /// System clock.
    pub clock_hz: f64,
    /// Register `sample_period`.
    pub period_clocks: f64,
    /// Ranges and gains, where they are known.
    pub scale: Option<Scale>,
}

/// A value with its unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Quantity {
    /// In the unit.
    pub value: f64,
    /// SI unit; empty for a bare number.
    pub unit: &'static str,
}

/// How a register's word becomes a quantity.
struct Kind {
    /// Quantity of the last bit.
    step: f64,
    /// Quantity of zero.
    offset: f64,
    unit: &'static str,
    signed: bool,
    /// The quantity is a voltage or a current, but there is no scale.
    in_codes: bool,
}

impl Place {
    /// Finds `name`, whatever its case.
    ///
    /// # Errors
    /// There is no such register, or no such place in it.
    pub fn find(name: &str) -> Result<Place, QuantityError> {
        let lower = name.trim().to_ascii_lowercase();
        let stem = lower.split(['[', '.']).next().unwrap_or_default();
        let Some(register) = map::named(stem) else {
            let mut names = map::MAP.iter().map(|register| register.name);
            let near = names.find(|other| other.contains(stem) || stem.contains(other));
            let near = near.filter(|_| !stem.is_empty());
            return Err(QuantityError::Name { name: name.into(), near });
        };
        let wrong = || {
            let last = register.count - 1;
            let example = match register.address {
                map::GUARD => {
                    format!(
                        "guard[0] to guard[{}], each with .low, .high, .safe or .code",
                        last / 4
                    )
                }
                _ if last > 0 => format!("{}[0] to {}[{last}]", register.name, register.name),
                _ => register.name.into(),
            };
            QuantityError::Place { name: name.into(), register: register.name, example }
        };
        let (index, field) = match lower[stem.len()..].strip_prefix('[') {
            Some(rest) => rest.split_once(']').ok_or_else(wrong)?,
            None if register.count == 1 => ("0", &lower[stem.len()..]),
            None => return Err(wrong()),
        };
        let mut index: u16 = index.trim().parse().map_err(|_| wrong())?;
        if register.address == map::GUARD {
            let field = field.strip_prefix('.').ok_or_else(wrong)?;
            let place = GUARD_FIELDS.iter().position(|name| *name == field).ok_or_else(wrong)?;
            index = index.checked_mul(4).ok_or_else(wrong)? + place as u16;
        } else if !field.is_empty() {
            return Err(wrong());
        }
        if index >= register.count {
            return Err(wrong());
        }
        Ok(Place { register, index })
    }

    /// Address of the register.
    pub fn address(self) -> u16 {
        self.register.address + self.index
    }

    /// In the form of [`Place::find`].
    pub fn name(self) -> String {
        let Place { register, index } = self;
        match register.address {
            map::GUARD => {
                format!("guard[{}].{}", index / 4, GUARD_FIELDS[usize::from(index % 4)])
            }
            _ if register.count > 1 => format!("{}[{index}]", register.name),
            _ => register.name.into(),
        }
    }

    /// The register's word as a quantity.
    pub fn quantity(self, word: u32, context: &Context) -> Quantity {
        if self.register.address == map::ANALOGUE && self.index > 0 {
            return Quantity { value: decimal(word), unit: self.unit_of_float() };
        }
        let kind = self.kind(context);
        let value = if kind.signed { f64::from(word as u16 as i16) } else { f64::from(word) };
        let unit = if kind.in_codes { "code" } else { kind.unit };
        Quantity { value: kind.offset + value * kind.step, unit }
    }

    /// Unit of a word of the analogue scale.
    fn unit_of_float(self) -> &'static str {
        match self.index {
            1..=35 if self.index % 4 == 1 => "V/nA",
            _ => "V",
        }
    }

    /// The register's word for a value in SI units, with a unit and a prefix or without; `raw:` gives the word
    /// itself.
    ///
    /// # Errors
    /// It is not a value of the register, or does not fit.
    pub fn word(self, text: &str, context: &Context) -> Result<u32, QuantityError> {
        let kind = self.kind(context);
        let register = self.register;
        let no_value =
            || QuantityError::Value { text: text.into(), register: register.name, unit: kind.unit };
        let trimmed = text.trim();
        if let Some(raw) = trimmed.strip_prefix("raw:") {
            return integer(raw.trim()).ok_or_else(no_value);
        }
        if register.address == map::ANALOGUE && self.index > 0 {
            let unit = self.unit_of_float();
            let value = si(trimmed, unit).ok_or_else(|| QuantityError::Value {
                text: text.into(),
                register: register.name,
                unit,
            })?;
            return Ok((value as f32).to_bits());
        }
        if kind.in_codes {
            return Err(QuantityError::NoScale { register: register.name, unit: kind.unit });
        }
        if let Some(word) = integer(trimmed).filter(|_| kind.step == 1.0 && !kind.signed) {
            return self.fitting(text, f64::from(word), &kind);
        }
        let value = si(trimmed, kind.unit).ok_or_else(no_value)?;
        if let (map::OVERCURRENT, Some(scale)) = (register.address, &context.scale) {
            return Ok(scale.overcurrent_code(value * 1e9)?.into());
        }
        self.fitting(text, ((value - kind.offset) / kind.step).round(), &kind)
    }

    fn fitting(self, text: &str, steps: f64, kind: &Kind) -> Result<u32, QuantityError> {
        let (lowest, highest) = match kind.signed {
            true => (-HALF_RANGE_CODES, HALF_RANGE_CODES - 1.0),
            false => (0.0, 2_f64.powi(self.register.width.into()) - 1.0),
        };
        if (lowest..=highest).contains(&steps) {
            return Ok(if kind.signed { u32::from(steps as i16 as u16) } else { steps as u32 });
        }
        Err(QuantityError::Range {
            text: text.into(),
            register: self.register.name,
            lowest: number(kind.offset + lowest * kind.step),
            highest: number(kind.offset + highest * kind.step),
            unit: kind.unit,
        })
    }

    fn kind(self, context: &Context) -> Kind {
        let Context { clock_hz, period_clocks, scale } = context;
        let rate_hz = clock_hz / period_clocks;
        let kind = |step, unit, signed| Kind { step, offset: 0.0, unit, signed, in_codes: false };
        let (register, scale) = (self.register, scale.as_ref());
        let scaled = |unit, signed, of: &dyn Fn(&Scale) -> (f64, f64)| match scale {
            Some(scale) => {
                let (step, offset) = of(scale);
                Kind { step, offset, unit, signed, in_codes: false }
            }
            None => Kind { step: 1.0, offset: 0.0, unit, signed, in_codes: true },
        };
        let widest = |scale: &Scale| 1.0 / scale.least_dac_codes_per_v();
        let amperes = |scale: &Scale| 1e-9 / scale.adc_codes_per_na().abs();
        match (register.unit, register.address) {
            (_, map::OVERCURRENT) => {
                scaled("A", false, &|scale| (amperes(scale), 1e-9 * scale.overcurrent_na(0)))
            }
            (_, map::GUARD) => scaled("V", true, &|scale| {
                let output = scale.output(usize::from(self.index / 4));
                (1.0 / output.codes_per_v(), output.offset_v)
            }),
            ("code", _) => scaled("V", false, &|scale| (widest(scale), 0.0)),
            ("code/65536", _) => {
                scaled("V/s", false, &|scale| (widest(scale) / 65536.0 * rate_hz, 0.0))
            }
            ("sample", map::TIME | map::CAPTURE_SAMPLES | map::CAPTURE_DECIMATION) => {
                kind(1.0, "", false)
            }
            ("sample", _) => kind(1.0 / rate_hz, "s", false),
            ("clock", _) => kind(1.0 / clock_hz, "s", false),
            ("2^-32 turn", _) => kind(rate_hz / 2_f64.powi(32), "Hz", false),
            ("32 code^2", _) => scaled("A^2", false, &|scale| {
                (LOSS_UNIT_CODES2 * amperes(scale) * amperes(scale), 0.0)
            }),
            ("Hz", _) => kind(1.0, "Hz", false),
            _ => kind(1.0, "", false),
        }
    }
}

/// The double of the shortest decimal that the float of these bits is read from.
fn decimal(word: u32) -> f64 {
    f32::from_bits(word).to_string().parse().unwrap_or(f64::NAN)
}

/// A whole number, decimal or hexadecimal.
fn integer(text: &str) -> Option<u32> {
    match text.strip_prefix("0x") {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

/// A number, perhaps with a prefix and `unit`.
fn si(text: &str, unit: &str) -> Option<f64> {
    let number = text.strip_suffix(unit).filter(|_| !unit.is_empty()).unwrap_or(text);
    // `5m` without its unit would be milli of anything: a prefix needs the unit.
    let prefixes = [("p", 1e-12), ("n", 1e-9), ("u", 1e-6), ("m", 1e-3), ("k", 1e3), ("M", 1e6)];
    let prefix = prefixes.iter().find_map(|(prefix, factor)| {
        let number = number.strip_suffix(prefix).filter(|_| number.len() < text.len())?;
        Some((number, *factor))
    });
    let (number, factor) = prefix.unwrap_or((number, 1.0));
    let value: f64 = number.trim().parse().ok()?;
    value.is_finite().then_some(value * factor)
}

#[cfg(test)]
mod tests;
