//! The analogue scale, from codes to volts and nanoamperes: as the `[analogue]` section of a file, and as the words of the
//! register array `analogue`, which stores it in an instrument.
//!
//! | word | content |
//! |---|---|
//! | 0 | [`FORMAT`], or 0 while no scale is set |
//! | 4 i + 4 | input i: full scale of the ADC, V |
//! | 4 i + 5 | gain of its I-V converter, V/nA |
//! | 4 i + 6 | its clipping voltage, V |
//! | 4 i + 7 | its level shift, V |
//! | 2 k + 64 | output k: full scale of the DAC, V |
//! | 2 k + 65 | its offset, V |
//!
//! Values are bit patterns of 32-bit floats: a decimal with up to seven digits is read back unchanged. Inputs, up to eight, whose gain is 0
//! have the values of input 0. The gateware does not use the words.

use crate::registers as map;
use crate::Parameters;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Word 0 while a scale is set: the format of the others.
pub const FORMAT: u32 = 1;

/// Words of the array.
pub const WORDS: usize = 256;

/// First word of input 0.
const INPUT: usize = 4;

/// Words of an input.
const INPUT_WORDS: usize = 4;

/// First word of output 0.
const OUTPUTS: usize = 64;

/// Least and greatest full scale or clipping voltage.
const RANGE_V: (f64, f64) = (1e-6, 1e6);

/// Least and greatest magnitude of the I-V converter's gain.
const GAIN_V_PER_NA: (f64, f64) = (1e-9, 1e6);

/// One value for all outputs, or one for each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a number, or a list with one number for each output")]
pub enum PerOutput {
    /// One value for all outputs.
    All(f64),
    /// In the order of the outputs.
    Each(Vec<f64>),
}

impl PerOutput {
    /// The value of an output; of one that a list does not reach, NaN.
    pub fn of(&self, output: usize) -> f64 {
        match self {
            PerOutput::All(value) => *value,
            PerOutput::Each(values) => values.get(output).copied().unwrap_or(f64::NAN),
        }
    }

    /// Every value with the part of its key after the name.
    fn entries(&self) -> Vec<(String, f64)> {
        match self {
            PerOutput::All(value) => vec![(String::new(), *value)],
            PerOutput::Each(values) => {
                values.iter().enumerate().map(|(n, &value)| (format!(".{n}"), value)).collect()
            }
        }
    }

    /// A list of equal values as one value.
    fn folded(values: Vec<f64>) -> Self {
        match values.first() {
            Some(&first) if values.iter().all(|&value| value == first) => PerOutput::All(first),
            _ => PerOutput::Each(values),
        }
    }
}

crate::keys! {
    /// The analogue scale, the `[analogue]` section of an experiment or of a board.
    ///
    /// Output k shows `dac_offset_v + code / 32768 dac_range_v`; a device current makes the ADC code
    /// `(iv_gain_v_per_na current_na + level_shift_v) / adc_range_v 32768`. The default is outputs of +-2 V, and a 25 MOhm inverting converter
    /// scaled to +-100 nA. [`Analogue::check`] has the rules.
    #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields, default)]
    pub struct Analogue {
        /// Range of the outputs, plus and minus this about their offset; one number for all, or a list with one for each output.
        dac_range_v: PerOutput = PerOutput::All(2.0);
        /// Known voltage of an output at code 0; one number or a list.
        dac_offset_v: PerOutput = PerOutput::All(0.0);
        /// Range of the ADC, plus and minus this.
        adc_range_v: f64 = 2.5;
        /// Gain of the I-V converter, negative when it inverts.
        iv_gain_v_per_na: f64 = -0.025;
        /// Its output clips at plus and minus this, after the pole.
        iv_clip_v: f64 = 2.5;
        /// Known voltage added between the I-V converter and the ADC, on the scale of `adc_range_v`.
        level_shift_v: f64 = 0.0;
        /// Gains input by input, instead.
        #[serde(skip_serializing_if = "Option::is_none")]
        iv_gains_v_per_na: Option<Vec<f64>> = None;
        /// Level shifts input by input, instead.
        #[serde(skip_serializing_if = "Option::is_none")]
        level_shifts_v: Option<Vec<f64>> = None;
    }
}

/// An analogue scale that cannot be.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{problem}")]
pub struct AnalogueError {
    /// Dotted key within the section: `dac_range_v.2`.
    pub key: String,
    /// The fault, and the remedy.
    pub problem: String,
}

/// A key in which two scales differ, and both values as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Key, of an output's value with its number: `dac_range_v.2`.
    pub key: String,
    /// Value of the first scale, with its unit.
    pub first: String,
    /// Value of the second.
    pub second: String,
}

impl Analogue {
    /// Gain of an input's I-V converter; of one that a list does not reach, NaN.
    pub fn gain_v_per_na(&self, input: usize) -> f64 {
        of_input(self.iv_gain_v_per_na, self.iv_gains_v_per_na.as_deref(), input)
    }

    /// Level shift of an input; of one that a list does not reach, NaN.
    pub fn shift_v(&self, input: usize) -> f64 {
        of_input(self.level_shift_v, self.level_shifts_v.as_deref(), input)
    }

    /// The scale of an instrument whose only input is this one.
    pub fn of_input(&self, input: usize) -> Self {
        Analogue {
            iv_gain_v_per_na: self.gain_v_per_na(input),
            level_shift_v: self.shift_v(input),
            iv_gains_v_per_na: None,
            level_shifts_v: None,
            ..self.clone()
        }
    }

    /// Checks every value, for an instrument with this number of outputs and inputs.
    ///
    /// # Errors
    /// The first value that is not finite or out of range; a list of another length.
    pub fn check(&self, outputs: usize, inputs: usize) -> Result<(), AnalogueError> {
        for (name, values) in
            [("dac_range_v", &self.dac_range_v), ("dac_offset_v", &self.dac_offset_v)]
        {
            if let PerOutput::Each(list) = values {
                let given = list.len();
                require(given == outputs, name, || {
                    format!(
                        "analogue.{name} has {given} entries for {outputs} outputs: give one for \
                         each output, or one number for all"
                    )
                })?;
            }
        }
        for (entry, value) in self.dac_range_v.entries() {
            within(&format!("dac_range_v{entry}"), value, RANGE_V)?;
        }
        for (n, (entry, value)) in self.dac_offset_v.entries().into_iter().enumerate() {
            let range_v = self.dac_range_v.of(n);
            below(&format!("dac_offset_v{entry}"), value, range_v, "the DAC's range")?;
        }
        within("adc_range_v", self.adc_range_v, RANGE_V)?;
        within("iv_clip_v", self.iv_clip_v, RANGE_V)?;
        for (name, list) in [
            ("iv_gains_v_per_na", &self.iv_gains_v_per_na),
            ("level_shifts_v", &self.level_shifts_v),
        ] {
            let given = list.as_ref().map_or(inputs, Vec::len);
            require(given == inputs, name, || {
                format!("analogue.{name} has {given} entries for {inputs} inputs: give one for each input")
            })?;
        }
        let (least, most) = GAIN_V_PER_NA;
        let range_v = self.adc_range_v;
        for input in 0..inputs {
            let [gain, shift] = self.input_keys(input);
            let value = self.gain_v_per_na(input);
            require((least..=most).contains(&value.abs()), &gain, || {
                format!(
                    "analogue.{} is {value}: its magnitude must lie from {least:e} to {most:e}, \
                     negative if the converter inverts",
                    named(&gain)
                )
            })?;
            below(&shift, self.shift_v(input), range_v, "the ADC's range")?;
        }
        Ok(())
    }

    /// Keys of an input's gain and level shift.
    fn input_keys(&self, input: usize) -> [String; 2] {
        let key = |one: &str, list: &str, is_list: bool| match is_list {
            true => format!("{list}.{input}"),
            false => one.to_owned(),
        };
        [
            key("iv_gain_v_per_na", "iv_gains_v_per_na", self.iv_gains_v_per_na.is_some()),
            key("level_shift_v", "level_shifts_v", self.level_shifts_v.is_some()),
        ]
    }

    /// Every value with key and unit, as stored in an instrument with this number of outputs and inputs.
    fn values(&self, outputs: usize, inputs: usize) -> Vec<(usize, String, f64, &'static str)> {
        let input = (0..inputs).flat_map(|input| {
            let [gain, shift] = self.input_keys(input);
            let values = [
                ("adc_range_v".to_owned(), self.adc_range_v, "V"),
                (gain, self.gain_v_per_na(input), "V/nA"),
                ("iv_clip_v".to_owned(), self.iv_clip_v, "V"),
                (shift, self.shift_v(input), "V"),
            ];
            let first = INPUT + INPUT_WORDS * input;
            let places = values.into_iter().enumerate();
            places.map(move |(n, (key, value, unit))| (first + n, key, value, unit))
        });
        let outputs = (0..outputs).flat_map(|k| {
            let values = [("dac_range_v", &self.dac_range_v), ("dac_offset_v", &self.dac_offset_v)];
            values.into_iter().enumerate().map(move |(n, (name, values))| {
                (OUTPUTS + 2 * k + n, format!("{name}.{k}"), values.of(k), "V")
            })
        });
        input.chain(outputs).collect()
    }

    /// Words of the array in an instrument with this number of outputs.
    pub fn room(outputs: usize) -> usize {
        WORDS / 2 * Parameters::mask_words(outputs as u32) as usize
    }

    /// The words of the array for an instrument with this number of outputs and inputs.
    pub fn words(&self, outputs: usize, inputs: usize) -> Vec<u32> {
        let mut words = vec![0; Self::room(outputs)];
        words[0] = FORMAT;
        for (word, _, value, _) in self.values(outputs, inputs) {
            words[word] = (value as f32).to_bits();
        }
        words
    }

    /// Register writes that set the scale. Word 0 comes first as 0 and last as [`FORMAT`], so that a scale that was cut off while it was
    /// written counts as none.
    pub fn writes(&self, outputs: usize, inputs: usize) -> Vec<(u16, u32)> {
        let mut writes = vec![(map::ANALOGUE, 0)];
        writes.extend(
            self.values(outputs, inputs)
                .into_iter()
                .map(|(word, _, value, _)| (map::ANALOGUE + word as u16, (value as f32).to_bits())),
        );
        writes.push((map::ANALOGUE, FORMAT));
        writes
    }

    /// The scale in the first words of the array of an instrument with this number of outputs. `None`: no scale is set.
    ///
    /// # Errors
    /// The format is another, or a value cannot be.
    pub fn from_words(
        words: &[u32],
        outputs: usize,
        inputs: usize,
    ) -> Result<Option<Self>, AnalogueError> {
        let word = |index: usize| words.get(index).copied().unwrap_or_default();
        match word(0) {
            0 => return Ok(None),
            FORMAT => (),
            other => {
                return Err(AnalogueError {
                    key: "format".into(),
                    problem: format!("the format of the scale is {other}, not {FORMAT}"),
                })
            }
        }
        let value = |index: usize| decimal(f32::from_bits(word(index)));
        let each = |field: usize| (0..outputs).map(|k| value(OUTPUTS + 2 * k + field)).collect();
        let input = |input: usize, field: usize| {
            let first = INPUT + INPUT_WORDS * input;
            value(if word(first + 1) == 0 { INPUT } else { first } + field)
        };
        let of_inputs = |field: usize| {
            let values: Vec<f64> = (0..inputs).map(|n| input(n, field)).collect();
            values.iter().any(|value| *value != values[0]).then_some(values)
        };
        let analogue = Analogue {
            dac_range_v: PerOutput::folded(each(0)),
            dac_offset_v: PerOutput::folded(each(1)),
            adc_range_v: value(INPUT),
            iv_gain_v_per_na: value(INPUT + 1),
            iv_clip_v: value(INPUT + 2),
            level_shift_v: value(INPUT + 3),
            iv_gains_v_per_na: of_inputs(1),
            level_shifts_v: of_inputs(3),
        };
        analogue.check(outputs, inputs)?;
        Ok(Some(analogue))
    }

    /// The words used by an instrument with this number of outputs and inputs, in order.
    pub fn words_used(outputs: usize, inputs: usize) -> Vec<u16> {
        let values = Analogue::default().values(outputs, inputs);
        std::iter::once(0).chain(values.into_iter().map(|(word, ..)| word as u16)).collect()
    }

    /// Number of words from the array's start that [`Analogue::from_words`] needs.
    pub fn words_read(outputs: usize) -> usize {
        OUTPUTS + 2 * outputs
    }

    /// Every value that an instrument would store differently from that of `other`.
    pub fn differences(&self, other: &Analogue, outputs: usize, inputs: usize) -> Vec<Difference> {
        let pairs = self.values(outputs, inputs).into_iter().zip(other.values(outputs, inputs));
        pairs
            .filter(|((_, _, first, _), (_, _, second, _))| *first as f32 != *second as f32)
            .map(|((_, key, first, unit), (_, _, second, _))| Difference {
                key,
                first: format!("{first} {unit}"),
                second: format!("{second} {unit}"),
            })
            .collect()
    }
}

/// The value of an input, from a list where there is one.
fn of_input(one: f64, list: Option<&[f64]>, input: usize) -> f64 {
    list.map_or(one, |list| list.get(input).copied().unwrap_or(f64::NAN))
}

/// The double of the shortest decimal that this float is read from.
fn decimal(value: f32) -> f64 {
    value.to_string().parse().unwrap_or(f64::NAN)
}

fn require(sound: bool, key: &str, problem: impl FnOnce() -> String) -> Result<(), AnalogueError> {
    if sound {
        Ok(())
    } else {
        Err(AnalogueError { key: key.into(), problem: problem() })
    }
}

fn within(key: &str, value: f64, (least, most): (f64, f64)) -> Result<(), AnalogueError> {
    require((least..=most).contains(&value), key, || {
        format!("analogue.{} is {value}: it must lie from {least:e} to {most:e}", named(key))
    })
}

fn below(key: &str, value: f64, limit: f64, whose: &str) -> Result<(), AnalogueError> {
    require(value.abs() < limit, key, || {
        format!("analogue.{} is {value}: it must lie inside {whose}, +-{limit} V", named(key))
    })
}

/// A key without an entry's number.
fn named(key: &str) -> &str {
    key.split('.').next().unwrap_or(key)
}

#[cfg(test)]
mod tests;
