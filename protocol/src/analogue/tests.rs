use super::*;

fn uneven() -> Analogue {
    Analogue {
        dac_range_v: PerOutput::Each(vec![2.0, 10.24, 0.3]),
        dac_offset_v: PerOutput::Each(vec![0.0, -0.0125, 0.1]),
        adc_range_v: 3.3,
        iv_gain_v_per_na: -0.0033,
        iv_clip_v: 3.3,
        level_shift_v: 0.017,
        ..Analogue::default()
    }
}

#[test]
fn decimals_are_read_back_from_their_words_as_they_were_written() {
    let of_inputs = Analogue {
        iv_gains_v_per_na: Some(vec![-0.0033, 0.01, -0.0033]),
        level_shifts_v: Some(vec![0.017, 0.0, -0.3]),
        ..uneven()
    };
    for (analogue, outputs, inputs) in
        [(uneven(), 3, 1), (Analogue::default(), 8, 8), (of_inputs, 3, 3)]
    {
        let words = analogue.words(outputs, inputs);
        let back = Analogue::from_words(&words[..Analogue::words_read(outputs)], outputs, inputs);
        assert_eq!(back, Ok(Some(analogue.clone())));
        let mut written = [0xffff_ffff; WORDS];
        for (address, word) in analogue.writes(outputs, inputs) {
            written[usize::from(address - map::ANALOGUE)] = word;
        }
        for (place, word) in written.into_iter().enumerate().filter(|(_, word)| *word != u32::MAX) {
            assert_eq!(word, words[place], "word {place}");
        }
    }
}

#[test]
fn a_scale_that_is_cut_off_while_it_is_written_counts_as_none() {
    let mut words = Analogue::default().words(3, 1);
    let writes = uneven().writes(3, 1);
    for &(address, word) in &writes[..writes.len() - 1] {
        words[usize::from(address - map::ANALOGUE)] = word;
        assert_eq!(Analogue::from_words(&words, 3, 1), Ok(None));
    }
}

#[test]
fn words_that_are_no_scale_are_refused() {
    for (place, word) in [(0, 7), (4, f32::NAN.to_bits()), (5, 0), (66, 0), (67, 0x4180_0000)] {
        let mut words = uneven().words(3, 1);
        words[place] = word;
        assert!(Analogue::from_words(&words, 3, 1).is_err(), "word {place}");
    }
}

#[test]
fn scales_are_compared_as_the_instrument_keeps_them_value_by_value() {
    let near = Analogue { iv_gain_v_per_na: -0.003_300_000_01, ..uneven() };
    assert_eq!(uneven().differences(&near, 3, 1), []);
    let lists = [
        Analogue { dac_range_v: PerOutput::Each(vec![2.0, 10.24, 0.31]), ..uneven() },
        Analogue { dac_offset_v: PerOutput::Each(vec![0.0, 0.0125, 0.1]), ..uneven() },
        Analogue { adc_range_v: 3.31, ..uneven() },
        Analogue { iv_gain_v_per_na: 0.0033, ..uneven() },
        Analogue { iv_clip_v: 3.0, ..uneven() },
        Analogue { level_shift_v: 0.0, ..uneven() },
    ];
    let keys = lists.map(|other| {
        let found = uneven().differences(&other, 3, 1);
        assert_eq!(found.len(), 1, "{found:?}");
        found[0].key.clone()
    });
    assert_eq!(
        keys,
        [
            "dac_range_v.2", "dac_offset_v.1", "adc_range_v", "iv_gain_v_per_na", "iv_clip_v",
            "level_shift_v"
        ]
    );
}

#[test]
fn a_value_that_cannot_be_is_refused_with_its_key() {
    for (analogue, key, text) in [
        (Analogue { adc_range_v: 0.0, ..uneven() }, "adc_range_v", "from 1e-6 to 1e6"),
        (Analogue { iv_clip_v: f64::NAN, ..uneven() }, "iv_clip_v", "is NaN"),
        (Analogue { iv_gain_v_per_na: 0.0, ..uneven() }, "iv_gain_v_per_na", "its magnitude"),
        (Analogue { level_shift_v: 3.3, ..uneven() }, "level_shift_v", "inside the ADC's range"),
        (
            Analogue { dac_range_v: PerOutput::Each(vec![1.0]), ..uneven() },
            "dac_range_v",
            "1 entries for 3",
        ),
        (Analogue { dac_range_v: PerOutput::All(-1.0), ..uneven() }, "dac_range_v", "from 1e-6"),
        (
            Analogue { dac_offset_v: PerOutput::Each(vec![0.0, 0.0, 0.3]), ..uneven() },
            "dac_offset_v.2",
            "inside the DAC's",
        ),
    ] {
        let error = analogue.check(3, 1).unwrap_err();
        assert_eq!(error.key, key);
        assert!(error.problem.contains(text), "{error}");
    }
    assert_eq!(uneven().check(3, 1), Ok(()));
}
