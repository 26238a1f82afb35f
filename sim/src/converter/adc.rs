//! ADCs that are read in 16 clocks: one that converts during the read, one that converts before it.

use super::{ConverterFault, Place, PS_PER_NS};

/// ADC part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdcKind {
    /// 12 bits; samples as CS falls.
    Ad7476a,
    /// 16 bits; samples as CNV rises; 3-wire CS mode without busy indicator, VIO above 2.7 V.
    Ad7686,
}

/// Bits of a frame.
const BITS: u32 = 16;

/// AD7476A Rev. F, table 4, in nanoseconds.
mod ad7476a {
    /// 20 MHz.
    pub const CYCLE: u64 = 50;
    pub const T1: u64 = 10;
    pub const T2: u64 = 10;
    pub const T3: u64 = 22;
    pub const T4: u64 = 40;
    /// VDD above 3.6 V; 10 ns at 3.3 V.
    pub const T7: u64 = 7;
    pub const T8: u64 = 36;
    pub const QUIET: u64 = 50;
    pub const ACQUISITION: u64 = 250;
}

/// AD7686 Rev. C, table 4, CS mode, VIO above 2.7 V, in nanoseconds.
mod ad7686 {
    pub const CONVERSION: u64 = 1600;
    pub const ACQUISITION: u64 = 400;
    pub const CYCLE: u64 = 2000;
    pub const SCK: u64 = 15;
    pub const SCK_LOW: u64 = 7;
    pub const SCK_HIGH: u64 = 7;
    pub const HOLD: u64 = 5;
    pub const DELAY: u64 = 16;
    pub const ENABLE: u64 = 18;
}

/// One ADC, from power-up on.
pub struct SpiAdc {
    kind: AdcKind,
    sclk: bool,
    select_n: bool,
    rose_ps: Option<u64>,
    fell_ps: Option<u64>,
    selected_ps: Option<u64>,
    deselected_ps: Option<u64>,
    /// Rising edge of SCLK after the 13th falling edge: the AD7476A tracks its input again.
    tracks_ps: Option<u64>,
    /// Falling edges of SCLK in this frame.
    count: u32,
    /// Bits of this frame.
    word: u16,
    /// Last conversion of the AD7686.
    next_word: u16,
    conversions: u64,
}

impl SpiAdc {
    /// Just powered up, at rest.
    pub fn new(kind: AdcKind) -> Self {
        SpiAdc {
            kind,
            sclk: true,
            select_n: true,
            rose_ps: None,
            fell_ps: None,
            selected_ps: None,
            deselected_ps: None,
            tracks_ps: None,
            count: 0,
            word: 0,
            next_word: 0,
            conversions: 0,
        }
    }

    fn name(&self) -> &'static str {
        match self.kind {
            AdcKind::Ad7476a => "AD7476A",
            AdcKind::Ad7686 => "AD7686",
        }
    }

    /// Whether these levels sample the input.
    pub fn samples(&self, select_n: bool) -> bool {
        match self.kind {
            AdcKind::Ad7476a => self.select_n && !select_n,
            AdcKind::Ad7686 => !self.select_n && select_n,
        }
    }

    /// Levels from `at_ps` on, and the input as the instrument counts it: signed, left-aligned.
    ///
    /// # Errors
    /// A time of the data sheet is broken.
    pub fn step(
        &mut self,
        at_ps: u64,
        sclk: bool,
        select_n: bool,
        input: i16,
    ) -> Result<(), ConverterFault> {
        let place = Place { part: self.name(), at_ps };
        let offset = input as u16 ^ 0x8000;
        let was_selected = !self.select_n;
        let samples = self.samples(select_n);
        let (rises, falls) = (!self.sclk && sclk, self.sclk && !sclk);
        let (deselects, selects) = (was_selected && select_n, !was_selected && !select_n);
        (self.sclk, self.select_n) = (sclk, select_n);
        match self.kind {
            AdcKind::Ad7476a => {
                if selects {
                    self.begin_ad7476a(place)?;
                    self.word = offset >> 4;
                }
                self.clock_ad7476a(place, rises, falls && was_selected)?;
                if deselects && self.count < BITS {
                    let what = if (2..10).contains(&self.count) {
                        "powers down"
                    } else {
                        "ends its conversion"
                    };
                    let count = self.count;
                    return Err(place.wrong(format!("CS rises after {count} clocks: it {what}")));
                }
            }
            AdcKind::Ad7686 => {
                if selects {
                    let (name, least) = ("tCONV, CNV high", ad7686::CONVERSION);
                    place.least(name, self.deselected_ps, least * PS_PER_NS)?;
                    self.word = self.next_word;
                    self.count = 0;
                }
                self.clock_ad7686(place, rises, falls && was_selected)?;
                if deselects {
                    self.convert_ad7686(place)?;
                    self.next_word = offset;
                }
            }
        }
        if samples {
            self.conversions += 1;
        }
        if selects {
            self.selected_ps = Some(at_ps);
        }
        if deselects {
            self.deselected_ps = Some(at_ps);
        }
        if rises {
            self.rose_ps = Some(at_ps);
        }
        if falls {
            self.fell_ps = Some(at_ps);
        }
        Ok(())
    }

    fn begin_ad7476a(&mut self, place: Place) -> Result<(), ConverterFault> {
        place.least("t1, CS pulse", self.deselected_ps, ad7476a::T1 * PS_PER_NS)?;
        if self.count >= BITS {
            let quiet = (ad7476a::T8 + ad7476a::QUIET) * PS_PER_NS;
            place.least("tQUIET after t8", self.fell_ps, quiet)?;
            place.least("tACQ", self.tracks_ps, ad7476a::ACQUISITION * PS_PER_NS)?;
        }
        self.count = 0;
        self.tracks_ps = None;
        Ok(())
    }

    fn clock_ad7476a(
        &mut self,
        place: Place,
        rises: bool,
        falls: bool,
    ) -> Result<(), ConverterFault> {
        if falls {
            if self.count == 0 {
                place.least("t2, CS to SCLK", self.selected_ps, ad7476a::T2 * PS_PER_NS)?;
            } else {
                place.least("fSCLK, period", self.fell_ps, ad7476a::CYCLE * PS_PER_NS)?;
                // Mark and space are 40 to 60 % of the period.
                let period = self.fell_ps.map_or(0, |fell| place.at_ps - fell);
                place.least("t6, SCLK high", self.rose_ps, period * 2 / 5)?;
                let low = self.rose_ps.zip(self.fell_ps).map_or(0, |(rose, fell)| rose - fell);
                if low < period * 2 / 5 {
                    return Err(ConverterFault::Short {
                        part: place.part,
                        parameter: "t5, SCLK low",
                        found_ps: low,
                        least_ps: period * 2 / 5,
                        at_ps: place.at_ps,
                    });
                }
            }
            self.count += 1;
        }
        if rises && self.count == 13 {
            self.tracks_ps = Some(place.at_ps);
        }
        Ok(())
    }

    fn clock_ad7686(
        &mut self,
        place: Place,
        rises: bool,
        falls: bool,
    ) -> Result<(), ConverterFault> {
        if rises && self.count > 0 {
            place.least("tSCKL, SCK low", self.fell_ps, ad7686::SCK_LOW * PS_PER_NS)?;
        }
        if falls {
            if self.count > 0 {
                place.least("tSCKH, SCK high", self.rose_ps, ad7686::SCK_HIGH * PS_PER_NS)?;
                place.least("tSCK, SCK period", self.fell_ps, ad7686::SCK * PS_PER_NS)?;
            }
            self.count += 1;
        }
        Ok(())
    }

    /// CNV rises: the input is sampled, and the conversion begins.
    fn convert_ad7686(&mut self, place: Place) -> Result<(), ConverterFault> {
        place.least(
            "tCYC, time between conversions",
            self.deselected_ps,
            ad7686::CYCLE * PS_PER_NS,
        )?;
        let acquisition = (ad7686::CONVERSION + ad7686::ACQUISITION) * PS_PER_NS;
        place.least("tACQ after tCONV", self.deselected_ps, acquisition)?;
        if self.deselected_ps.is_some() && self.count < BITS {
            return Err(place.wrong(format!("CNV rises after {} clocks of {BITS}", self.count)));
        }
        Ok(())
    }

    /// Level of the data line at `at_ps`, after the last step; none while it changes or is not driven.
    pub fn data_at(&self, at_ps: u64) -> Option<bool> {
        if self.select_n || self.count >= BITS {
            return None;
        }
        let bit = |number: u32| self.word >> (BITS - 1 - number) & 1 == 1;
        let (enable, delay) = Self::delays_ns(self.kind);
        let hold = match self.kind {
            AdcKind::Ad7476a => ad7476a::T7,
            AdcKind::Ad7686 => ad7686::HOLD,
        };
        let since =
            |event: Option<u64>| event.map_or(u64::MAX, |event| at_ps.saturating_sub(event));
        let number = self.count;
        if number == 0 {
            return (since(self.selected_ps) >= enable * PS_PER_NS).then(|| bit(0));
        }
        let passed = since(self.fell_ps);
        if passed >= delay * PS_PER_NS {
            Some(bit(number))
        } else if passed <= hold * PS_PER_NS {
            Some(bit(number - 1))
        } else {
            None
        }
    }

    /// Nanoseconds from selection, and from a falling edge of the clock, until the line has its next bit.
    pub fn delays_ns(kind: AdcKind) -> (u64, u64) {
        match kind {
            AdcKind::Ad7476a => (ad7476a::T3, ad7476a::T4),
            AdcKind::Ad7686 => (ad7686::ENABLE, ad7686::DELAY),
        }
    }

    /// Bits of the frame that is read, or will be.
    pub fn word(&self) -> u16 {
        match self.kind {
            AdcKind::Ad7686 if self.select_n => self.next_word,
            _ => self.word,
        }
    }

    /// Samples of the input so far.
    pub fn conversions(&self) -> u64 {
        self.conversions
    }
}
