//! Reads a few registers of a connected instrument: `cargo run -p hge-driver --example connect -- tcp:localhost:7000`.

use hge_driver::link::{open, LinkSpec};
use hge_driver::Instrument;
use hge_protocol::registers as map;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let argument = std::env::args().nth(1).unwrap_or_else(|| "tcp:localhost:7000".into());
    let link: LinkSpec = argument.parse()?;
    let instrument = Instrument::connect(open(&link, None)?)?;
    let parameters = instrument.parameters();
    let period_clocks = instrument.read(map::SAMPLE_PERIOD)?.max(1);
    println!("{link}: {} outputs, {} slots", parameters.outputs, parameters.slots);
    println!("sample rate {} Hz", f64::from(parameters.clock_hz) / f64::from(period_clocks));
    match instrument.analogue()? {
        Some(scale) => println!("I-V converter {} V/nA", scale.iv_gain_v_per_na),
        None => println!("no analogue scale"),
    }
    Ok(())
}
