//! Eight-channel DACs with frames of 32 bits: four to ignore, command, address, code, four features.

use super::{ConverterFault, Place, PS_PER_NS};

/// DAC part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DacKind {
    /// 12 bits, powers up at zero scale.
    Ad5628,
    /// 14 bits, powers up at zero scale.
    Ad5648,
    /// 16 bits, powers up at zero scale.
    Ad5668,
    /// 16 bits, grades B and D, powers up at mid-scale.
    Dac8568,
}

/// Levels of its pins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DacPins {
    /// Serial clock.
    pub sclk: bool,
    /// Low for a frame.
    pub sync_n: bool,
    /// Data.
    pub data: bool,
}

/// Least times, in nanoseconds, and the data sheet's names of them.
struct Sheet {
    name: &'static str,
    bits: u32,
    cycle: (&'static str, u64),
    high: (&'static str, u64),
    low: (&'static str, u64),
    /// A falling edge of SCLK to SYNC falling after it.
    before_select: (&'static str, u64),
    /// SYNC to the first falling edge of SCLK.
    select: (&'static str, u64),
    set_up: (&'static str, u64),
    hold: (&'static str, u64),
    /// The last falling edge of SCLK to SYNC.
    deselect: (&'static str, u64),
    sync_high: (&'static str, u64),
    /// Input and DAC registers at power-up.
    power_up: u16,
    /// The first bit of a frame must be 0.
    prefix: bool,
}

/// AD5628/AD5648/AD5668, timing characteristics. No public copy of this table was found to check them against.
const AD56X8: Sheet = Sheet {
    name: "AD5668",
    bits: 16,
    cycle: ("t1, SCLK cycle", 20),
    high: ("t2, SCLK high", 8),
    low: ("t3, SCLK low", 8),
    before_select: ("t10, SCLK falling edge to SYNC falling edge", 0),
    select: ("t4, SYNC to SCLK falling edge", 13),
    set_up: ("t5, data set-up", 4),
    hold: ("t6, data hold", 4),
    deselect: ("t7, SCLK falling edge to SYNC rising edge", 0),
    sync_high: ("t8, SYNC high", 15),
    power_up: 0,
    prefix: false,
};

/// SBAS430F, 7.3, AVDD 2.7 V to 5.5 V.
const DAC8568: Sheet = Sheet {
    name: "DAC8568",
    bits: 16,
    cycle: ("t2, SCLK cycle", 20),
    high: ("t7, SCLK high", 8),
    low: ("t6, SCLK low", 8),
    before_select: ("t1, SCLK falling edge to SYNC falling edge", 10),
    select: ("t5, SYNC to SCLK falling edge", 13),
    set_up: ("t9, data set-up", 6),
    hold: ("t10, data hold", 4),
    deselect: ("t8, SCLK falling edge to SYNC rising edge", 10),
    sync_high: ("t4, SYNC high", 80),
    power_up: 0x8000,
    prefix: true,
};

impl DacKind {
    fn sheet(self) -> Sheet {
        match self {
            DacKind::Ad5628 => Sheet { name: "AD5628", bits: 12, ..AD56X8 },
            DacKind::Ad5648 => Sheet { name: "AD5648", bits: 14, ..AD56X8 },
            DacKind::Ad5668 => AD56X8,
            DacKind::Dac8568 => DAC8568,
        }
    }
}

/// One DAC, from power-up on. LDAC is tied high.
pub struct SpiDac {
    sheet: Sheet,
    pins: DacPins,
    rose_ps: Option<u64>,
    fell_ps: Option<u64>,
    data_changed_ps: Option<u64>,
    selected_ps: Option<u64>,
    deselected_ps: Option<u64>,
    /// Bits of the frame so far.
    shifted: u32,
    count: u32,
    inputs: [u16; 8],
    registers: [u16; 8],
    reference: bool,
    updated_ps: Option<u64>,
    updates: u64,
}

impl SpiDac {
    /// Just powered up, deselected.
    pub fn new(kind: DacKind) -> Self {
        let sheet = kind.sheet();
        let registers = [sheet.power_up; 8];
        SpiDac {
            sheet,
            pins: DacPins { sclk: false, sync_n: true, data: false },
            rose_ps: None,
            fell_ps: None,
            data_changed_ps: None,
            selected_ps: None,
            deselected_ps: None,
            shifted: 0,
            count: 0,
            inputs: registers,
            registers,
            reference: false,
            updated_ps: None,
            updates: 0,
        }
    }

    /// Levels from `at_ps` on.
    ///
    /// # Errors
    /// A time of the data sheet is broken, or a frame makes no sense.
    pub fn step(&mut self, at_ps: u64, pins: DacPins) -> Result<(), ConverterFault> {
        let place = Place { part: self.sheet.name, at_ps };
        let before = std::mem::replace(&mut self.pins, pins);
        let least =
            |(name, ns): (&'static str, u64), since| place.least(name, since, ns * PS_PER_NS);
        let in_frame = !before.sync_n && self.count > 0;
        if before.data != pins.data {
            self.data_changed_ps = Some(at_ps);
            if in_frame && self.count <= 32 {
                least(self.sheet.hold, self.fell_ps)?;
            }
        }
        if before.sync_n && !pins.sync_n {
            least(self.sheet.sync_high, self.deselected_ps)?;
            least(self.sheet.before_select, self.fell_ps)?;
            self.selected_ps = Some(at_ps);
            (self.count, self.shifted) = (0, 0);
        }
        if !before.sclk && pins.sclk {
            if in_frame {
                least(self.sheet.low, self.fell_ps)?;
            }
            self.rose_ps = Some(at_ps);
        }
        if before.sclk && !pins.sclk {
            if !before.sync_n {
                least(self.sheet.high, self.rose_ps)?;
                least(self.sheet.set_up, self.data_changed_ps)?;
                if in_frame {
                    least(self.sheet.cycle, self.fell_ps)?;
                } else {
                    least(self.sheet.select, self.selected_ps)?;
                }
                self.count += 1;
                self.shifted = self.shifted << 1 | u32::from(before.data);
                if self.count == 32 {
                    self.execute(place)?;
                }
            }
            self.fell_ps = Some(at_ps);
        }
        if !before.sync_n && pins.sync_n {
            if self.count != 32 {
                return Err(place.wrong(format!("SYNC rises after {} bits of 32", self.count)));
            }
            least(self.sheet.deselect, self.fell_ps)?;
            self.deselected_ps = Some(at_ps);
        }
        Ok(())
    }

    fn execute(&mut self, place: Place) -> Result<(), ConverterFault> {
        let frame = self.shifted;
        let (command, address) = (frame >> 24 & 15, (frame >> 20 & 15) as usize);
        let code = (frame >> 4) as u16 & (0xffff << (16 - self.sheet.bits));
        let wrong = || place.wrong(format!("the frame {frame:08x} means nothing"));
        if self.sheet.prefix && frame >> 31 != 0 {
            return Err(wrong());
        }
        let channels = match address {
            0..=7 => address..address + 1,
            15 => 0..8,
            _ => 0..0,
        };
        match command {
            0..=3 if channels.is_empty() => return Err(wrong()),
            0 => self.inputs[channels].fill(code),
            1 => self.registers[channels.clone()].copy_from_slice(&self.inputs[channels]),
            2 => {
                self.inputs[channels].fill(code);
                self.registers = self.inputs;
            }
            3 => {
                self.inputs[channels.clone()].fill(code);
                self.registers[channels].fill(code);
            }
            8 => self.reference = frame & 1 == 1,
            _ => return Err(wrong()),
        }
        if (1..=3).contains(&command) {
            self.updated_ps = Some(place.at_ps);
            self.updates += 1;
        }
        Ok(())
    }

    /// The internal reference is on.
    pub fn reference(&self) -> bool {
        self.reference
    }

    /// Codes at the outputs as the instrument counts them: signed, left-aligned. Without a reference every output is at the low end.
    pub fn codes(&self) -> [i16; 8] {
        self.registers.map(|code| if self.reference { (code ^ 0x8000) as i16 } else { i16::MIN })
    }

    /// When outputs were updated last, and how often they were.
    pub fn updated(&self) -> (Option<u64>, u64) {
        (self.updated_ps, self.updates)
    }
}
