//! Restores the registers: reads them before the test and writes them back after it.

use hge_driver::{DriverError, Instrument};
use hge_protocol::registers as map;
use hge_protocol::table::{TableLayout, TABLE_BASE};

/// Contents of the registers that can be read back, by address.
pub(super) struct Found(Vec<(u16, u32)>);

impl Found {
    /// Reads every register that can be both read and written; tuning words and slots cannot be read.
    pub(super) fn read(instrument: &Instrument) -> Result<Self, DriverError> {
        let mut found = Vec::new();
        for register in map::MAP {
            let kept = register.access == map::Access::ReadWrite && register.count == 1;
            if kept {
                found.push((register.address, instrument.read(register.address)?));
            }
        }
        for output in 0..instrument.parameters().outputs as u16 {
            let address = map::GUARD + 4 * output;
            let words = instrument.read_many(address, 3)?;
            found.extend((address..).zip(words));
        }
        let words = TableLayout::of(instrument.parameters()).words as usize;
        found.extend((TABLE_BASE..).zip(instrument.read_many(TABLE_BASE, words)?));
        Ok(Found(found))
    }

    /// Writes them back; the instrument is disarmed.
    pub(super) fn restore(&self, instrument: &Instrument) -> Result<(), DriverError> {
        instrument.write_all(&self.0)
    }
}
