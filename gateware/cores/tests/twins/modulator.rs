//! The modulator against `model::modulator::Channel::step`.

use crate::bench::{integer, raw, signed, unsigned, Bench};
use crate::stimulus::Stimulus;
use hge_gateware::modulator::Modulator;
use hge_sim::model::modulator::{Channel, Drive};

/// Clocks an output.
const STEPS: u64 = 8;
/// Steps of an output in which the pass writes and targets wait.
const WRITING: [u64; 2] = [5, 7];

/// What one sample does to every output.
struct Sample {
    drives: Vec<Drive>,
    tones: Vec<i32>,
    track_codes: Vec<i16>,
    ramp_step: i32,
}

struct TestBench {
    bench: Bench<Modulator>,
    random: Stimulus,
    models: Vec<Channel>,
    dac_bits: u32,
    /// The greatest code that the DAC has.
    top: i16,
    compared: usize,
    /// Codes at the ends of the range among them.
    extreme: usize,
}

impl TestBench {
    fn new(outputs: u32, dac_bits: u32, seed: u64) -> Self {
        TestBench {
            bench: Bench::new(Modulator::new(outputs, dac_bits), |core| &mut core.clock),
            random: Stimulus::new(seed),
            models: vec![Channel::default(); outputs as usize],
            dac_bits,
            top: i16::MAX >> (16 - dac_bits) << (16 - dac_bits),
            compared: 0,
            extreme: 0,
        }
    }

    /// Draws a sample and sets what is held during its pass.
    fn draw(&mut self) -> Sample {
        let random = &mut self.random;
        let outputs = self.models.len();
        let (track, ramp) = (random.once_in(6), !random.once_in(4));
        let (shape, tones_fresh) = (random.once_in(2), !random.once_in(4));
        // Often the way of some output, or one more or less.
        let channel = self.models[random.below(outputs)];
        let way = (i64::from(channel.target) - i64::from(channel.base)).abs();
        let ramp_step = match random.once_in(2) {
            true => way + random.pick(&[-1, 0, 1]),
            false => random.scaled(0, i64::from(i32::MAX)),
        }
        .clamp(0, i64::from(i32::MAX)) as i32;
        let tone_mask = random.noise();
        let tones: Vec<i32> = (0..outputs).map(|_| random.word()).collect();
        let track_codes: Vec<i16> = (0..outputs).map(|_| random.code()).collect();
        let drives = (0..outputs)
            .map(|output| {
                let toned = tones_fresh && tone_mask >> output & 1 == 1;
                Drive {
                    track: track.then_some(track_codes[output]),
                    ramp,
                    ramp_step,
                    tone: if toned { tones[output] } else { 0 },
                    shape,
                    dac_bits: self.dac_bits,
                }
            })
            .collect();
        let core = &mut self.bench.core;
        core.ramp.next = ramp;
        core.track.next = track;
        core.shape.next = shape;
        core.tones_fresh.next = tones_fresh;
        core.tone_mask.next = raw(tone_mask & 0xffff_ffff);
        core.tone_mask_high.next = raw(tone_mask >> 32);
        Sample { drives, tones, track_codes, ramp_step }
    }

    /// Puts a target on the port; it is taken in this clock unless the pass writes.
    fn offer(&mut self, output: usize, target: i32) {
        let core = &mut self.bench.core;
        core.target_write.next = true;
        core.target_index.next = raw(output as u64);
        core.target_data.next = raw(u64::from(target as u32));
    }

    fn set_target(&mut self) {
        let output = self.random.below(self.models.len());
        // Often near the present base, so that small steps arrive.
        let target = match self.random.below(3) {
            0 => self.random.word(),
            1 => self.models[output].base.wrapping_add(self.random.scaled(-99999, 99999) as i32),
            _ => i32::from(self.random.code()) << 16,
        };
        self.offer(output, target);
        self.bench.settle();
        assert!(self.bench.core.target_ready.val(), "nothing is being written");
        self.bench.edge();
        self.bench.core.target_write.next = false;
        self.models[output].target = target;
    }

    /// One clock of the pass: what is good in this clock alone carries noise in the others.
    fn clock(&mut self, sample: &Sample, output: usize, step: u64, code: Option<i16>) {
        let noise = self.random.noise();
        let is_real = output < self.models.len();
        let core = &mut self.bench.core;
        core.ramp_step.next = raw(if step == 3 { sample.ramp_step as u64 } else { noise });
        let tone = sample.tones.get(output).filter(|_| step == 5);
        core.tone.next = signed(tone.map_or(noise as i64, |&tone| i64::from(tone)));
        let tracked = sample.track_codes.get(output).filter(|_| step == 4);
        core.track_code.next = signed(tracked.map_or(noise as i64, |&code| i64::from(code)));
        // A target for an output that this sample has done with.
        let early = (output > 0 && noise >> 60 < 4).then(|| self.random.below(output));
        let target = self.random.word();
        if let Some(done) = early {
            self.offer(done, target);
        }
        self.bench.settle();
        let core = &self.bench.core;
        assert!(core.running.val() && !core.done.val());
        assert_eq!(core.step_request.val(), step == 2);
        assert_eq!((unsigned(core.step.val()), unsigned(core.index.val())), (step, output as u64));
        let is_ready = !(is_real && WRITING.contains(&step));
        assert_eq!(core.target_ready.val(), is_ready);
        let is_taken = early.is_some() && is_ready;
        if let Some(code) = code.filter(|_| step == STEPS - 1) {
            assert_eq!(integer(core.code.val()) as i16, code, "output {output}");
            self.compared += 1;
            self.extreme += usize::from(code == i16::MIN) + usize::from(code == self.top);
        }
        self.bench.edge();
        self.bench.core.target_write.next = false;
        if let Some(done) = early.filter(|_| is_taken) {
            self.models[done].target = target;
        }
    }

    /// One sample: the pass over all outputs, and what it says at its end.
    fn pass(&mut self) {
        let sample = self.draw();
        self.bench.core.tick.next = true;
        self.bench.tick();
        self.bench.core.tick.next = false;
        let mut moving = false;
        for output in 0..self.models.len() {
            let (code, unfinished) = self.models[output].step(sample.drives[output]);
            moving |= unfinished;
            for step in 0..STEPS {
                self.clock(&sample, output, step, Some(code));
            }
        }
        for step in 0..7 {
            self.clock(&sample, self.models.len(), step, None);
        }
        self.bench.settle();
        let core = &self.bench.core;
        assert!(core.done.val() && !core.running.val());
        assert_eq!(core.moving.val(), moving);
        self.bench.edge();
    }
}

fn agree(outputs: u32, dac_bits: u32, samples: usize, seed: u64) {
    let mut test_bench = TestBench::new(outputs, dac_bits, seed);
    for _ in 0..samples {
        while test_bench.random.once_in(2) {
            test_bench.set_target();
        }
        test_bench.pass();
    }
    assert_eq!(test_bench.compared, outputs as usize * samples);
    assert!(
        test_bench.extreme * 50 > test_bench.compared,
        "only {} codes at the ends",
        test_bench.extreme
    );
    println!("{outputs} outputs, {dac_bits} bits: {} codes", test_bench.compared);
}

#[test]
fn codes_for_a_dac_of_8_bits_equal_the_twins() {
    agree(2, 8, 3000, 41);
    agree(8, 8, 600, 42);
}

#[test]
fn codes_for_a_dac_of_12_bits_equal_the_twins() {
    agree(3, 12, 2000, 43);
    agree(8, 12, 600, 44);
}

#[test]
fn codes_for_a_dac_of_16_bits_equal_the_twins() {
    agree(8, 16, 1000, 45);
    agree(32, 16, 200, 46);
    agree(33, 16, 200, 47);
    agree(64, 16, 100, 48);
}
