//! Relations between the keys of `[bench]`, those of [`Chain`], and others.

use super::rule::{require, Wrong};
use hge_driver::text::number;
use hge_sim::bench::Chain;

/// 1/f noise that begins below the possible band.
pub(super) fn noise(bench: &Chain, rate_hz: f64) -> Result<(), Wrong> {
    let on = bench.flicker_na2_per_hz_at_1khz > 0.0;
    let most_hz = rate_hz / 10.0;
    require(!on || bench.flicker_lowest_hz <= most_hz, "bench.flicker_lowest_hz", || {
        format!(
            "1/f noise from {} Hz on cannot be made: lower flicker_lowest_hz to a tenth of the \
             sample rate, {} Hz, or less",
            number(bench.flicker_lowest_hz),
            number(most_hz)
        )
    })
}

/// Lists for every electrode of the device, and for every input of the instrument.
pub(super) fn lists(bench: &Chain, electrodes: usize, inputs: usize) -> Result<(), Wrong> {
    let of_electrodes = (electrodes, "the device's", "electrodes");
    let of_inputs = (inputs, "the instrument's", "inputs");
    let lists = [
        ("feed_throughs_pf", "feed_through_pf", &bench.feed_throughs_pf, of_electrodes),
        ("electrode_drifts_v", "drift_v", &bench.electrode_drifts_v, of_electrodes),
        ("iv_poles_hz", "iv_pole_hz", &bench.iv_poles_hz, of_inputs),
        ("relaxations_s", "relaxation_s", &bench.relaxations_s, of_inputs),
    ];
    for (list, single, values, (places, whose, what)) in lists {
        let count = values.as_ref().map_or(places, Vec::len);
        require(count == places, format!("bench.{list}"), || {
            format!(
                "{list} has {count} entries for {whose} {places} {what}: give one for each, or {single} for all"
            )
        })?;
    }
    let stepped = bench.step_electrode;
    require(bench.step_v == 0.0 || stepped < electrodes, "bench.step_electrode", || {
        format!(
            "electrode {stepped} is not on the device, which has 0 to {}: name one of them",
            electrodes.saturating_sub(1)
        )
    })
}

#[cfg(test)]
mod tests {
    use crate::experiment::{Job, Source};

    fn job(keys: &str) -> Result<Job, String> {
        let text = format!("gate = \"xor\"\n[bench]\n{keys}\n");
        let (experiment, source) =
            Source::parse("x.toml", text).map_err(|error| error.to_string())?;
        Job::new(experiment, &source).map_err(|error| error.to_string())
    }

    #[test]
    fn a_wrong_value_is_told_with_its_key_and_place() {
        for (keys, expected) in [
            ("iv_pole_hz = 0.0", "x.toml:3:14: bench.iv_pole_hz is 0: it must lie from 1e-6 to"),
            ("relaxation_share = 1.5", "x.toml:3:20: bench.relaxation_share is 1.5: it must lie"),
            ("dac_offset_v = 3.0", "bench.dac_offset_v is 3: it must lie from -2 to 2"),
            ("feed_throughs_pf = [1.0, -1.0]", "x.toml:3:26: bench.feed_throughs_pf is -1"),
            ("feed_throughs_pf = [1.0, 1.0]", "2 entries for the device's 7 electrodes"),
            ("hum_harmonics = [nan]", "bench.hum_harmonics is NaN"),
            (
                "flicker_na2_per_hz_at_1khz = 1e-5\nflicker_lowest_hz = 501",
                "x.toml:4:21: 1/f noise from 501 Hz on cannot be made: lower flicker_lowest_hz",
            ),
            ("electrode_drifts_v = [0.1]", "1 entries for the device's 7 electrodes"),
            ("iv_poles_hz = [1e3, 2e3]", "2 entries for the instrument's 1 inputs"),
            ("relaxations_s = [0.01, -0.02]", "bench.relaxations_s is -0.02: it must lie from"),
            ("step_v = 0.1\nstep_electrode = 7", "electrode 7 is not on the device"),
            ("adc_bits = 12", "unknown key `adc_bits`: choose"),
        ] {
            let message = job(keys).err().unwrap_or_default();
            assert!(message.contains(expected), "{keys}: {message}");
        }
    }

    #[test]
    fn keys_reach_the_chain_and_the_bits_are_the_instrument_s() {
        let keys = "iv_pole_hz = 16e3\nfeed_through_pf = 1\nhum_hz = 60\n[instrument]\n\
                    dac_bits = 12\nadc_bits = 14";
        let chain = job(keys).unwrap_or_else(|error| panic!("{error}")).chain;
        assert_eq!(
            (chain.iv_pole_hz, chain.feed_through_pf, chain.hum_hz),
            (Some(16e3), 1.0, 60.0)
        );
        assert_eq!((chain.dac_bits, chain.adc_bits), (12, 14));
    }
}
