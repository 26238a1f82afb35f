//! One gradient on a connected instrument: `cargo run --release -p hge-core --example gradient -- tcp:localhost:7000`.

use hge_core::experiment::{Source, Task};
use hge_core::gradient::Estimator;
use hge_core::measure::gradient::{listening, measure, Effort};
use hge_core::session::Session;
use hge_driver::link::{open, LinkSpec};
use hge_driver::Instrument;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let argument = std::env::args().nth(1).unwrap_or_else(|| "tcp:localhost:7000".into());
    let link: LinkSpec = argument.parse()?;
    let instrument = Instrument::connect(open(&link, None)?)?;

    // Electrodes, ranges and tones are the defaults of an experiment file; every key may stand in the text.
    let (experiment, source) = Source::parse("gradient.toml", "gate = \"xor\"".into())?;
    let scale = instrument.analogue()?;
    let task = Task::on(experiment, &source, instrument.parameters(), scale.as_ref())?;

    // Free slots listen beside the tones: from what they hold come the standard errors.
    let plan = listening(&task.plan, task.experiment.noise_model())?;
    let controls_v = plan.middle_controls_v();
    let mut session = Session::open(instrument, plan, Estimator::InPhase)?;
    for case in measure(&mut session, &controls_v, Effort::windows(8))?.cases {
        println!("inputs {:?} V: {:.3} nA", case.inputs_v, case.current_na);
        for slope in case.slopes {
            let error = slope.error_na_per_v.unwrap_or(f64::NAN);
            let (electrode, slope) = (slope.electrode, slope.slope_na_per_v);
            println!("  electrode {electrode}: {slope:8.3} +- {error:.3} nA/V");
        }
    }
    session.close()?;
    Ok(())
}
