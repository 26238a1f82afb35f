use super::*;

/// A frame to a DAC, times in nanoseconds.
#[derive(Clone, Copy)]
struct DacWave {
    high: u64,
    low: u64,
    select: u64,
    deselect: u64,
    sync_high: u64,
    /// Data change so long before the clock falls, or else so long after it fell.
    set_up: Option<u64>,
    hold: u64,
}

/// The least that both data sheets allow.
const DAC_LEAST: DacWave =
    DacWave { high: 8, low: 12, select: 13, deselect: 10, sync_high: 80, set_up: Some(6), hold: 4 };

/// Sends frames from `start_ns` on.
fn send_at(
    start_ns: u64,
    dac: &mut SpiDac,
    frames: &[u32],
    wave: DacWave,
) -> Result<(), ConverterFault> {
    let mut changes: Vec<(u64, u8, bool)> = Vec::new();
    let mut at = start_ns;
    for &frame in frames {
        changes.push((at, 1, false));
        let mut falls = at + wave.select;
        let mut data = at - 1;
        for bit in (0..32).rev() {
            if let Some(set_up) = wave.set_up {
                data = falls - set_up;
            }
            changes.push((data, 2, frame >> bit & 1 == 1));
            changes.push((falls - wave.high, 0, true));
            changes.push((falls, 0, false));
            data = falls + wave.hold;
            falls += wave.high + wave.low;
        }
        let last = falls - wave.high - wave.low;
        changes.push((last + wave.deselect, 1, true));
        at = last + wave.deselect + wave.sync_high;
    }
    changes.sort_by_key(|&(at, pin, _)| (at, pin));
    let mut levels = [false, true, false];
    for (at, pin, level) in changes {
        levels[usize::from(pin)] = level;
        let [sclk, sync_n, data] = levels;
        dac.step(at * PS_PER_NS, DacPins { sclk, sync_n, data })?;
    }
    Ok(())
}

/// The same, soon after power-up.
fn send(dac: &mut SpiDac, frames: &[u32], wave: DacWave) -> Result<(), ConverterFault> {
    send_at(1000, dac, frames, wave)
}

const REFERENCE_ON: u32 = 0x0800_0001;

fn frame(command: u32, address: u32, code: u16) -> u32 {
    command << 24 | address << 20 | u32::from(code) << 4
}

#[test]
fn a_dac_takes_codes_of_its_width_and_updates_all_channels_at_once() {
    for (kind, bits) in [
        (DacKind::Ad5628, 12),
        (DacKind::Ad5648, 14),
        (DacKind::Ad5668, 16),
        (DacKind::Dac8568, 16),
    ] {
        let mut dac = SpiDac::new(kind);
        assert_eq!(dac.codes(), [i16::MIN; 8], "the reference is off at power-up");
        send(&mut dac, &[REFERENCE_ON], DAC_LEAST).unwrap();
        assert!(dac.reference());
        let at_rest = if kind == DacKind::Dac8568 { 0 } else { i16::MIN };
        assert_eq!(dac.codes(), [at_rest; 8]);
        let code = |channel: u32| (0x1234_u32.wrapping_mul(channel + 3) & 0xffff) as u16 | 0xf;
        let mut frames: Vec<u32> = (0..7).map(|channel| frame(0, channel, code(channel))).collect();
        let mut written = SpiDac::new(kind);
        send(&mut written, &[&[REFERENCE_ON], &frames[..]].concat(), DAC_LEAST).unwrap();
        assert_eq!(written.codes(), [at_rest; 8], "input registers alone change nothing");
        frames.push(frame(2, 7, code(7)));
        let mut late = DAC_LEAST;
        late.set_up = None;
        send_at(10_000, &mut dac, &frames, late).unwrap();
        let kept = 0xffff_u16 << (16 - bits);
        let expected = std::array::from_fn(|channel| {
            ((i32::from(code(channel as u32) & kept)) - 32768) as i16
        });
        assert_eq!(dac.codes(), expected, "{kind:?}");
        assert_eq!(dac.updated().1, 1);
    }
}

#[test]
fn a_dac_notices_every_time_that_is_a_nanosecond_short() {
    let late = DacWave { set_up: None, ..DAC_LEAST };
    let ad5668 = [
        ("t1", DacWave { high: 9, low: 10, ..DAC_LEAST }),
        ("t2", DacWave { high: 7, low: 13, ..DAC_LEAST }),
        ("t3", DacWave { high: 13, low: 7, ..late }),
        ("t4", DacWave { select: 12, ..DAC_LEAST }),
        ("t5", DacWave { set_up: Some(3), ..DAC_LEAST }),
        ("t6", DacWave { hold: 3, ..late }),
        ("t8", DacWave { sync_high: 14, ..DAC_LEAST }),
    ];
    let dac8568 = [
        ("t2", DacWave { high: 9, low: 10, ..DAC_LEAST }),
        ("t7", DacWave { high: 7, low: 13, ..DAC_LEAST }),
        ("t6", DacWave { high: 13, low: 7, ..late }),
        ("t5", DacWave { select: 12, ..DAC_LEAST }),
        ("t9", DacWave { set_up: Some(5), ..DAC_LEAST }),
        ("t10", DacWave { hold: 3, ..late }),
        ("t8", DacWave { deselect: 9, ..DAC_LEAST }),
        ("t4", DacWave { sync_high: 79, ..DAC_LEAST }),
    ];
    let cases = ad5668.map(|case| (DacKind::Ad5668, case)).into_iter();
    for (kind, (name, wave)) in cases.chain(dac8568.map(|case| (DacKind::Dac8568, case))) {
        let fault = send(&mut SpiDac::new(kind), &[frame(0, 5, 0xa5a5); 2], wave).unwrap_err();
        let ConverterFault::Short { parameter, found_ps, least_ps, .. } = &fault else {
            panic!("{fault}")
        };
        assert_eq!(parameter.split(',').next(), Some(name), "{kind:?}: {fault}");
        assert_eq!(least_ps - found_ps, PS_PER_NS, "{fault}");
    }
}

#[test]
fn a_dac8568_that_is_selected_too_soon_after_its_clock_fell_is_told() {
    let selected_after_ns = |kind, after_ns: u64| {
        let mut dac = SpiDac::new(kind);
        let pins = |sclk, sync_n| DacPins { sclk, sync_n, data: false };
        dac.step(1_000 * PS_PER_NS, pins(true, true))?;
        dac.step(2_000 * PS_PER_NS, pins(false, true))?;
        dac.step((2_000 + after_ns) * PS_PER_NS, pins(false, false))
    };
    let fault = selected_after_ns(DacKind::Dac8568, 9).unwrap_err();
    assert!(fault.to_string().contains("t1, SCLK falling edge to SYNC falling edge"), "{fault}");
    assert_eq!(selected_after_ns(DacKind::Dac8568, 10), Ok(()));
    assert_eq!(selected_after_ns(DacKind::Ad5628, 0), Ok(()));
}

#[test]
fn a_dac_refuses_frames_that_mean_nothing() {
    for (kind, bad) in [
        (DacKind::Ad5628, frame(9, 0, 0)),
        (DacKind::Ad5628, frame(0, 8, 0)),
        (DacKind::Dac8568, 1 << 31),
    ] {
        let fault = send(&mut SpiDac::new(kind), &[bad], DAC_LEAST).unwrap_err();
        assert!(fault.to_string().contains("means nothing"), "{fault}");
    }
    let mut dac = SpiDac::new(DacKind::Ad5628);
    let pins = |sclk, sync_n| DacPins { sclk, sync_n, data: false };
    dac.step(1_000_000, pins(true, false)).unwrap();
    dac.step(2_000_000, pins(false, false)).unwrap();
    let fault = dac.step(3_000_000, pins(false, true)).unwrap_err();
    assert!(fault.to_string().contains("after 1 bits of 32"), "{fault}");
}

/// Frames from an ADC, times in nanoseconds.
#[derive(Clone, Copy)]
struct AdcWave {
    /// Select to the first falling edge of the clock.
    select: u64,
    high: u64,
    low: u64,
    falls: u32,
    /// From the last falling edge to deselection, and to the next selection.
    deselect: u64,
    next: u64,
}

/// Reads three frames, bits taken a nanosecond before the clock falls; the input counts up.
fn read(kind: AdcKind, wave: AdcWave, first: i16) -> Result<Vec<u16>, ConverterFault> {
    let mut adc = SpiAdc::new(kind);
    let ps = PS_PER_NS;
    let mut at = 10_000;
    let mut words = Vec::new();
    // An AD7686 rests deselected: converting.
    for input in first..first + 3 {
        adc.step(at * ps, true, false, input)?;
        let mut falls = at + wave.select;
        let mut word = 0;
        for number in 0..wave.falls {
            let place = Place { part: "bench", at_ps: falls * ps };
            let bit = match kind {
                // A zero that nobody need see.
                AdcKind::Ad7476a if number == 0 => Some(false),
                _ => adc.data_at((falls - 1) * ps),
            };
            word = word << 1 | u16::from(bit.ok_or_else(|| place.wrong("no bit".into()))?);
            adc.step(falls * ps, false, false, input)?;
            adc.step((falls + wave.low) * ps, true, false, input)?;
            falls += wave.low + wave.high;
        }
        let last = falls - wave.low - wave.high;
        // Back at the clock's rest level before.
        adc.step((last + wave.deselect.max(wave.low)) * ps, true, true, input)?;
        at = last + wave.next;
        words.push(word);
    }
    Ok(words)
}

const AD7476A: AdcWave =
    AdcWave { select: 23, high: 25, low: 25, falls: 16, deselect: 30, next: 125 };

const AD7686: AdcWave =
    AdcWave { select: 19, high: 12, low: 7, falls: 16, deselect: 110, next: 1710 };

#[test]
fn an_adc_gives_the_code_of_its_input_at_the_least_times() {
    let words = read(AdcKind::Ad7476a, AD7476A, 0x1230 - 1).unwrap();
    assert_eq!(words, [0x922, 0x923, 0x923], "four zeros and twelve bits");
    let words = read(AdcKind::Ad7686, AD7686, 0x1230).unwrap();
    assert_eq!(words[1..], [0x9230, 0x9231], "the input as CNV rose");
}

#[test]
fn an_adc_notices_every_time_that_is_short() {
    let slow = AdcWave { high: 100, low: 100, deselect: 110, ..AD7476A };
    let ad7476a = [
        ("fSCLK", AdcWave { high: 25, low: 24, next: 130, ..AD7476A }),
        ("t1", AdcWave { deselect: 121, next: 130, ..AD7476A }),
        ("t2", AdcWave { select: 9, ..AD7476A }),
        ("t5", AdcWave { high: 61, low: 39, ..AD7476A }),
        ("t6", AdcWave { high: 39, low: 61, deselect: 70, ..AD7476A }),
        ("tQUIET after t8", AdcWave { next: 85, deselect: 70, low: 70, ..slow }),
        ("tACQ", AdcWave { next: 124, ..AD7476A }),
    ];
    let ad7686 = [
        ("tSCKL", AdcWave { high: 13, low: 6, ..AD7686 }),
        ("tSCKH", AdcWave { high: 6, low: 13, ..AD7686 }),
        ("tCONV", AdcWave { next: 1709, ..AD7686 }),
        ("tCYC", AdcWave { deselect: 20, next: 1620, ..AD7686 }),
    ];
    let cases = ad7476a.map(|case| (AdcKind::Ad7476a, case)).into_iter();
    for (kind, (name, wave)) in cases.chain(ad7686.map(|case| (AdcKind::Ad7686, case))) {
        let fault = read(kind, wave, 0).unwrap_err();
        let found = match &fault {
            ConverterFault::Short { parameter, .. } => parameter.split(',').next(),
            ConverterFault::Wrong { .. } => None,
        };
        assert_eq!(found, Some(name), "{kind:?}: {fault}");
    }
}

#[test]
fn an_ad7686_is_clocked_with_a_period_of_15_ns_and_no_shorter() {
    let clocked = |period_ns: u64| {
        let mut adc = SpiAdc::new(AdcKind::Ad7686);
        let mut step = |at_ns: u64, sclk| adc.step(at_ns * PS_PER_NS, sclk, false, 0);
        step(1_000, true)?;
        step(1_100, false)?;
        step(1_107, true)?;
        step(1_100 + period_ns, false)
    };
    let fault = clocked(14).unwrap_err();
    assert!(fault.to_string().contains("tSCK, SCK period"), "{fault}");
    assert_eq!(clocked(15), Ok(()));
}

#[test]
fn an_adc_that_is_deselected_early_or_read_too_soon_is_told_from_one_that_is_not() {
    let fault = read(AdcKind::Ad7476a, AdcWave { falls: 9, ..AD7476A }, 0).unwrap_err();
    assert!(fault.to_string().contains("powers down"), "{fault}");
    let fault = read(AdcKind::Ad7476a, AdcWave { falls: 15, ..AD7476A }, 0).unwrap_err();
    assert!(fault.to_string().contains("ends its conversion"), "{fault}");
    let fault =
        read(AdcKind::Ad7686, AdcWave { falls: 15, next: 1730, deselect: 130, ..AD7686 }, 0)
            .unwrap_err();
    assert!(fault.to_string().contains("after 15 clocks of 16"), "{fault}");
    // 18 ns after CNV the AD7686 does not drive its line yet.
    let fault = read(AdcKind::Ad7686, AdcWave { select: 18, ..AD7686 }, 0).unwrap_err();
    assert!(fault.to_string().contains("no bit"), "{fault}");
}
