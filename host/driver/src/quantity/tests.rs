use super::*;
use hge_protocol::PerOutput;

fn context() -> Context {
    let scale = Scale::with_bits(16);
    Context { clock_hz: 24e6, period_clocks: 4800.0, scale: Some(scale) }
}

fn word(name: &str, text: &str) -> Result<u32, QuantityError> {
    Place::find(name).unwrap().word(text, &context())
}

#[test]
fn names_find_their_registers_and_back() {
    for (name, address) in
        [("settle", map::SETTLE), ("TUNING[7]", map::TUNING + 7), ("guard[2].high", 0x0309)]
    {
        let place = Place::find(name).unwrap();
        assert_eq!(place.address(), address);
        assert_eq!(place.name(), name.to_ascii_lowercase());
    }
    for wrong in ["tuning", "tuning[256]", "guard[1]", "guard[99].low", "settle[1]", "slot[x]"] {
        assert!(matches!(Place::find(wrong), Err(QuantityError::Place { .. })), "{wrong}");
    }
    let error = Place::find("settl").unwrap_err().to_string();
    assert!(error.contains("`settle`"), "{error}");
}

#[test]
fn values_in_si_units_become_words_and_come_back() {
    // 5 kS/s: a sample is 200 us.
    assert_eq!(word("settle", "10ms"), Ok(50));
    assert_eq!(word("settle", "0.01"), Ok(50));
    assert_eq!(word("sample_period", "100 us"), Ok(2400));
    assert_eq!(word("guard[0].low", "-1.2V"), Ok(u32::from(-19661_i16 as u16)));
    assert_eq!(word("overcurrent", "50nA"), Ok(16384));
    // 1 V/s at 5 kS/s is 16384 codes a volt x 65536 / 5000 a sample.
    assert_eq!(word("ramp_step", "1 V/s"), Ok(214_748));
    assert_eq!(word("tuning[0]", "1.25kHz"), Ok(1 << 30));
    assert_eq!(word("scratch", "0xdeadbeef"), Ok(0xdead_beef));
    assert_eq!(word("settle", "raw:7"), Ok(7));
    let place = Place::find("guard[0].low").unwrap();
    let back = place.quantity(u32::from(-19661_i16 as u16), &context());
    assert!((back.value + 1.2).abs() < 1e-4 && back.unit == "V");
}

#[test]
fn every_kind_of_register_has_the_quantity_of_its_last_bit() {
    // 24 MHz, 4800 clocks a sample: 5 kS/s; 2 V are 32768 codes, and so are 100 nA.
    for (name, word, value, unit) in [
        ("settle", 50, 0.01, "s"),
        ("sample_period", 2400, 1e-4, "s"),
        ("step_limit", 16384, 1.0, "V"),
        ("ramp_step", 65536, 2.0 / 32768.0 * 5000.0, "V/s"),
        ("tuning[3]", 1 << 30, 1250.0, "Hz"),
        ("clock_hz", 24_000_000, 24e6, "Hz"),
        // 2^20 of 32 squared codes of 100 nA / 32768.
        ("loss_stop", 1 << 20, 32.0 * 1_048_576.0 * (1e-7 / 32768.0) * (1e-7 / 32768.0), "A^2"),
        ("overcurrent", 16384, 50e-9, "A"),
        ("guard[1].low", 0xffff, -2.0 / 32768.0, "V"),
        ("guard[1].safe", 0x8000, -2.0, "V"),
        ("time", 77, 77.0, ""),
        ("epochs", 12, 12.0, ""),
    ] {
        let place = Place::find(name).unwrap();
        let found = place.quantity(word, &context());
        assert_eq!(found.unit, unit, "{name}");
        assert!((found.value - value).abs() <= 1e-12 * value.abs(), "{name}: {found:?}");
        if place.register.access != map::Access::ReadOnly {
            let text = format!("{:e}{unit}", found.value);
            assert_eq!(place.word(&text, &context()), Ok(word), "{name}: {text}");
        }
    }
}

#[test]
fn every_prefix_is_a_power_of_ten_and_needs_its_unit() {
    for (text, seconds) in [
        ("2.5e6ps", 2.5e-6),
        ("2500ns", 2.5e-6),
        ("2.5us", 2.5e-6),
        ("0.0025ms", 2.5e-6),
        ("2.5 s", 2.5),
        ("0.0025ks", 2.5),
        ("0.0000025Ms", 2.5),
        ("2.5", 2.5),
    ] {
        let found = si(text, "s").unwrap();
        assert!((found / seconds - 1.0).abs() < 1e-12, "{text}: {found}");
    }
    for text in ["5m", "5k", "5 kV", "s", "", "infs", "nan"] {
        assert_eq!(si(text, "s"), None, "{text}");
    }
}

#[test]
fn every_output_s_limits_are_shown_and_taken_on_its_own_scale() {
    let mut scale = Scale::with_bits(16);
    scale.analogue.dac_range_v = PerOutput::Each(vec![2.0, 10.0, 2.0, 2.0, 2.0, 2.0, 2.0, 4.0]);
    scale.analogue.dac_offset_v = PerOutput::Each(vec![0.0, 0.0, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0]);
    let context = Context { scale: Some(scale), ..context() };
    for (name, code) in [("guard[0].high", 16384), ("guard[1].high", 3277), ("guard[2].high", 8192)]
    {
        let place = Place::find(name).unwrap();
        assert_eq!(place.word("1V", &context), Ok(code), "{name}");
        let back = place.quantity(code, &context);
        assert!((back.value - 1.0).abs() < 1e-3 && back.unit == "V", "{name} {back:?}");
    }
    // A step for all: 10 V of 32768 codes.
    let step = Place::find("step_limit").unwrap();
    assert_eq!(step.word("0.1V", &context), Ok(328));
}

#[test]
fn an_over_current_limit_is_taken_on_the_scale_and_refused_where_it_never_trips() {
    let mut scale = Scale::with_bits(16);
    scale.analogue.iv_gain_v_per_na = -0.01;
    scale.analogue.adc_range_v = 3.3;
    scale.analogue.iv_clip_v = 3.3;
    let context = Context { scale: Some(scale), ..context() };
    let place = Place::find("overcurrent").unwrap();
    // 90 nA are 0.9 V of 3.3.
    assert_eq!(place.word("90nA", &context), Ok(8937));
    assert!((place.quantity(8937, &context).value - 90e-9).abs() < 1e-11);
    assert!(matches!(place.word("330nA", &context), Err(QuantityError::Overcurrent(_))));
}

#[test]
fn without_a_scale_codes_are_shown_as_codes_and_si_values_refused_but_times_are_not() {
    let context = Context { scale: None, ..context() };
    let word = |name: &str, text: &str| Place::find(name).unwrap().word(text, &context);
    for name in ["overcurrent", "guard[0].low", "step_limit", "ramp_step", "loss_stop"] {
        let error = word(name, "1").unwrap_err().to_string();
        assert!(error.contains("`hge set analogue"), "{name}: {error}");
        assert_eq!(word(name, "raw:5"), Ok(5));
        let shown = Place::find(name).unwrap().quantity(5, &context);
        assert_eq!((shown.value, shown.unit), (5.0, "code"), "{name}");
    }
    assert_eq!(word("settle", "10ms"), Ok(50));
    assert_eq!(word("tuning[0]", "1.25kHz"), Ok(1 << 30));
}

#[test]
fn words_of_the_analogue_scale_are_numbers_with_their_unit() {
    for (name, text, bits, unit) in [
        ("analogue[4]", "3.3V", 3.3_f32, "V"),
        ("analogue[5]", "-0.025 V/nA", -0.025, "V/nA"),
        ("analogue[67]", "-1.5mV", -0.0015, "V"),
    ] {
        assert_eq!(word(name, text), Ok(bits.to_bits()), "{name}");
        let shown = Place::find(name).unwrap().quantity(bits.to_bits(), &context());
        assert_eq!(shown.unit, unit);
        assert_eq!(shown.value as f32, bits);
    }
    assert_eq!(word("analogue[0]", "1"), Ok(1));
}

#[test]
fn wrong_values_are_refused_with_the_unit_or_the_range() {
    let text = word("settle", "ten").unwrap_err().to_string();
    assert!(text.contains(" in s"), "{text}");
    assert!(matches!(word("settle", "5V"), Err(QuantityError::Value { .. })));
    let text = word("guard[0].low", "3").unwrap_err().to_string();
    assert!(text.contains("-2 to 1.99993896 V"), "{text}");
    assert!(matches!(word("mode", "32"), Err(QuantityError::Range { .. })));
    // The ends themselves are taken.
    assert_eq!(word("guard[0].low", "-2V"), Ok(0x8000));
    assert_eq!(word("guard[0].high", "1.99993896V"), Ok(0x7fff));
    assert!(matches!(word("guard[0].high", "2V"), Err(QuantityError::Range { .. })));
    assert!(matches!(word("guard[0].low", "-2.0001V"), Err(QuantityError::Range { .. })));
    assert_eq!(word("mode", "15"), Ok(15));
}
